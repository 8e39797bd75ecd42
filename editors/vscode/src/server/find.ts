/** Where the server can be: what to look at, in which order, and which of it to take. */
import * as path from "node:path";
import { isCompatible, WANTED } from "./version";

export type Origin = "setting" | "workspace" | "tool" | "path" | "private";

export interface Candidate {
  readonly path: string;
  readonly origin: Origin;
}

/** What the search goes by. `folders` are those of a trusted workspace; an untrusted one has none to offer. */
export interface Places {
  readonly setting: string;
  readonly folders: readonly string[];
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly privateEnvironment: string;
}

export interface Found extends Candidate {
  readonly version: string;
}

export interface Missing {
  readonly message: string;
}

/** Asks a program for its version; undefined where it is not there or does not answer. */
export type Probe = (path: string) => Promise<string | undefined>;

const ENVIRONMENTS = [".venv", "venv", "env"];

/** Everything that may be the server, the best first. A setting leaves no choice. */
export function candidates(places: Places): Candidate[] {
  const paths = pathOf(places.platform);
  if (places.setting) {
    return [{ path: expanded(places.setting, places), origin: "setting" }];
  }
  const inEnvironment = (folder: string) => program(folder, places.platform);
  const environments = places.folders.flatMap((folder) => ENVIRONMENTS.map((name) => paths.join(folder, name)));
  // A relative entry of PATH would be looked up in the workspace.
  const onPath = (places.env["PATH"] ?? "").split(places.platform === "win32" ? ";" : ":").filter((folder) => paths.isAbsolute(folder));
  return unique([
    ...environments.map((folder) => ({ path: inEnvironment(folder), origin: "workspace" as const })),
    ...toolFolders(places).map((folder) => ({ path: paths.join(folder, executable(places.platform)), origin: "tool" as const })),
    ...onPath.map((folder) => ({ path: paths.join(folder, executable(places.platform)), origin: "path" as const })),
    { path: inEnvironment(places.privateEnvironment), origin: "private" },
  ]);
}

/** The first candidate that answers with a version that fits, or why there is none. */
export async function find(places: Places, probe: Probe): Promise<Found | Missing> {
  let outdated: Found | undefined;
  for (const candidate of candidates(places)) {
    const version = await probe(candidate.path);
    if (version !== undefined) {
      const found = { ...candidate, version };
      if (isCompatible(version)) {
        return found;
      }
      outdated ??= found;
    }
  }
  return { message: why(places, outdated) };
}

/** The server's program in a virtual environment. */
export function program(environment: string, platform: NodeJS.Platform): string {
  return pathOf(platform).join(environment, platform === "win32" ? "Scripts" : "bin", executable(platform));
}

function why(places: Places, outdated: Found | undefined): string {
  if (outdated) {
    return `codestral-ls ${outdated.version} at ${outdated.path} does not fit this extension, which needs ${WANTED}.`;
  }
  return places.setting
    ? `There is no codestral-ls at ${places.setting}, which codestral.server.path names.`
    : "codestral-ls, the language server, was not found on this machine.";
}

/** Where `uv tool install` and `pipx install` put programs. */
function toolFolders({ env, home, platform }: Places): string[] {
  const named = [env["UV_TOOL_BIN_DIR"], env["PIPX_BIN_DIR"], env["XDG_BIN_HOME"]];
  const paths = pathOf(platform);
  return [...named.filter((folder) => folder !== undefined), paths.join(home, ".local", "bin")].filter((folder) => paths.isAbsolute(folder));
}

function expanded(setting: string, { home, platform }: Places): string {
  return /^~(?=[/\\]|$)/.test(setting) ? pathOf(platform).join(home, setting.slice(1)) : setting;
}

function executable(platform: NodeJS.Platform): string {
  return platform === "win32" ? "codestral-ls.exe" : "codestral-ls";
}

function pathOf(platform: NodeJS.Platform): path.PlatformPath {
  return platform === "win32" ? path.win32 : path.posix;
}

function unique(found: Candidate[]): Candidate[] {
  const first = new Map<string, Candidate>();
  for (const candidate of found) {
    if (!first.has(candidate.path)) {
      first.set(candidate.path, candidate);
    }
  }
  return [...first.values()];
}
