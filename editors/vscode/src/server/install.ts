/** Installs the server into a virtual environment of the extension's own. */
import { execFile } from "node:child_process";
import { mkdir, readdir, rm } from "node:fs/promises";
import { homedir } from "node:os";
import * as path from "node:path";

const OLDEST_PYTHON = "3.11";
const PYTHONS = ["python3", "python3.13", "python3.12", "python3.11", "python"];
// Debian and Ubuntu have a Python that can make no virtual environment.
const CHECK = `import ensurepip, sys, venv; sys.exit(sys.version_info < (${OLDEST_PYTHON.replace(".", ", ")}))`;

export class InstallError extends Error {}

/** Runs a program to its end. Rejects with what it wrote to standard error. */
export type Run = (command: string, args: readonly string[], signal?: AbortSignal) => Promise<void>;

/**
 * Makes `environment` anew and installs `source` there, a requirement of pip's. `tell` gets what goes on.
 * Throws an `InstallError` with a sentence for the user; a cancelled one leaves nothing behind.
 */
export async function install(
  environment: string,
  source: string,
  tell: (message: string) => void,
  signal: AbortSignal,
  run: Run = runProgram,
): Promise<void> {
  tell("Looking for Python");
  const python = await findPython(run);
  try {
    await rm(environment, { recursive: true, force: true });
    await mkdir(path.dirname(environment), { recursive: true });
    tell("Making a virtual environment");
    await run(python, ["-m", "venv", environment], signal);
    tell("Fetching codestral-ls and what it needs");
    const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet", source];
    await run(path.join(environment, process.platform === "win32" ? "Scripts\\python.exe" : "bin/python"), pip, signal);
  } catch (error) {
    await rm(environment, { recursive: true, force: true });
    throw new InstallError(`codestral-ls could not be installed: ${lastLine(error)}`);
  }
}

/** What to install: what the setting names, or else the wheel that came with the extension. */
export async function sourceOf(setting: string, extension: string): Promise<string> {
  if (setting) {
    return setting;
  }
  const folder = path.join(extension, "server");
  const wheels = await readdir(folder).catch(() => []);
  const wheel = wheels.find((name) => name.endsWith(".whl"));
  if (wheel === undefined) {
    throw new InstallError("This build of the extension brings no server: name one in codestral.server.source.");
  }
  return `${path.join(folder, wheel)}[embedded]`;
}

async function findPython(run: Run): Promise<string> {
  for (const python of PYTHONS) {
    try {
      await run(python, ["-c", CHECK]);
      return python;
    } catch {
      continue;
    }
  }
  throw new InstallError(`codestral-ls needs Python ${OLDEST_PYTHON} or later with venv, on Debian and Ubuntu the package python3-venv, and none was found: install it first.`);
}

function runProgram(command: string, args: readonly string[], signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd: homedir(), ...(signal && { signal }) }, (error, _output, errors) =>
      error ? reject(new Error(errors.trim() || error.message)) : resolve(),
    );
  });
}

function lastLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trimEnd().split("\n").at(-1) ?? "";
}
