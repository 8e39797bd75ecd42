/** Stands in for the module `vscode`, before anything that imports it: a test puts into `editor` what it needs. */
import Module from "node:module";

/** What there is of it. Any other name is a class, since the language client derives from many. */
export const editor: Record<string, unknown> = {};

class Base {
  readonly isFake = true;
}

const module = Object.create(new Proxy({}, { get: (_, name) => editor[name as string] ?? Base })) as object;
const loader = Module as unknown as { _load: (name: string, ...rest: unknown[]) => unknown };
const load = loader._load;
loader._load = (name, ...rest) => (name === "vscode" ? module : load(name, ...rest));
