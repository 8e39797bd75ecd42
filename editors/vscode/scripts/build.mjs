// Bundles the extension, its pages, and with `--tests` the tests.
import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const tests = process.argv.includes("--tests");
const common = { bundle: true, minify: !tests, sourcemap: false, logLevel: "warning", legalComments: "none", metafile: true };
const node = { ...common, platform: "node", target: "node20", format: "cjs", external: ["vscode"] };

if (tests) {
  const files = readdirSync("test").filter((name) => name.endsWith(".test.ts"));
  await build({ ...node, entryPoints: files.map((name) => `test/${name}`), outdir: "dist/test", outExtension: { ".js": ".cjs" } });
} else {
  const extension = await build({ ...node, entryPoints: ["src/extension.ts"], outfile: "dist/extension.js" });
  const entryPoints = { chat: "src/webview/chat.dom.ts", explanation: "src/webview/explanation.dom.ts" };
  const browser = { platform: "browser", target: "es2022", format: "esm", splitting: true };
  const pages = await build({ ...common, ...browser, entryPoints, chunkNames: "shared", outdir: "dist" });
  cpSync("src/webview/page.css", "dist/page.css");
  writeFileSync("dist/THIRD-PARTY.txt", notices([extension, pages]));
}

// What the licences of the packages in the bundles ask for.
function notices(built) {
  const inputs = built.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const folders = inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []);
  return [...new Set(folders)].sort().map(notice).join(`\n${"-".repeat(80)}\n\n`);
}

function notice(folder) {
  const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (file === undefined) {
    throw new Error(`${name} is bundled and has no licence.`);
  }
  return `${name} ${version}\n\n${readFileSync(`${folder}/${file}`, "utf8").replaceAll("\r\n", "\n").trim()}\n`;
}
