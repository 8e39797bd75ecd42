// Builds `codestral.vsix`: the bundle, and the server as a wheel, which the extension installs on request.
import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";

const run = (command, ...args) => execFileSync(command, args, { stdio: "inherit" });
const python = process.env.PYTHON ?? (process.platform === "win32" ? "python" : "python3");

rmSync("server", { recursive: true, force: true });
run(python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "server", "../..");
cpSync("../../LICENSE", "LICENSE");
try {
  run(process.execPath, "node_modules/@vscode/vsce/vsce", "package", "--no-dependencies", "--skip-license", "--allow-missing-repository", "--out", "codestral.vsix");
} finally {
  rmSync("LICENSE");
}
