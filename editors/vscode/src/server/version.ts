/** Which versions of the server the extension works with. */
import { execFile } from "node:child_process";
import { homedir } from "node:os";

/** The first version that has what the extension asks for. */
export const MINIMUM = "0.1.0";

/** The versions that fit, for people. */
export const WANTED = `${MINIMUM} or a later ${MINIMUM.split(".", 1).join("")}.x`;

const PATIENCE_MS = 30_000;

/** The version in the output of `codestral-ls --version`; undefined where it is something else's. */
export function parseVersion(output: string): string | undefined {
  return /^codestral-ls (\d+\.\d+\S*)\s*$/.exec(output)?.[1];
}

/** Not older than `MINIMUM`, and without a change that breaks older clients, which a new major version is. */
export function isCompatible(version: string): boolean {
  const [major, ...rest] = numbers(version);
  const [wantedMajor, ...wanted] = numbers(MINIMUM);
  return major === wantedMajor && compare(rest, wanted) >= 0;
}

/** Runs a program for its version; undefined where it is not there or does not answer as the server does. */
export function probe(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(path, ["--version"], { timeout: PATIENCE_MS, cwd: homedir() }, (error, output) =>
      resolve(error ? undefined : parseVersion(output)),
    );
  });
}

function numbers(version: string): number[] {
  return version.split(".").map((part) => Number.parseInt(part, 10) || 0);
}

function compare(left: readonly number[], right: readonly number[]): number {
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference) {
      return difference;
    }
  }
  return 0;
}
