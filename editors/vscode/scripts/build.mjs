// Bundles the extension, its pages, and with `--tests` the tests.
import { cpSync, readdirSync } from "node:fs";
import { build } from "esbuild";

const tests = process.argv.includes("--tests");
const common = { bundle: true, minify: !tests, sourcemap: false, logLevel: "warning", legalComments: "none" };
const node = { ...common, platform: "node", target: "node20", format: "cjs", external: ["vscode"] };

if (tests) {
  const files = readdirSync("test").filter((name) => name.endsWith(".test.ts"));
  await build({ ...node, entryPoints: files.map((name) => `test/${name}`), outdir: "dist/test", outExtension: { ".js": ".cjs" } });
} else {
  await build({ ...node, entryPoints: ["src/extension.ts"], outfile: "dist/extension.js" });
  const pages = { chat: "src/webview/chat.dom.ts", explanation: "src/webview/explanation.dom.ts" };
  const browser = { platform: "browser", target: "es2022", format: "esm", splitting: true };
  await build({ ...common, ...browser, entryPoints: pages, chunkNames: "shared", outdir: "dist" });
  cpSync("src/webview/page.css", "dist/page.css");
}
