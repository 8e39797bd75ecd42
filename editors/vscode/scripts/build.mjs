// Bundles the extension, the chat view's page, and with `--tests` the tests.
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
  await build({ ...common, entryPoints: ["src/webview/chat.dom.ts"], outfile: "dist/chat.js", platform: "browser", target: "es2022", format: "iife" });
  cpSync("src/webview/page.css", "dist/page.css");
}
