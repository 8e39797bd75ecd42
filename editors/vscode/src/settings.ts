/** The user's settings as the server knows them. */

/** What VS Code knows of a setting: the value that the user gave it, for all workspaces. */
export interface Inspected {
  readonly globalValue?: unknown;
}

/** What VS Code knows of a list, by who set it. */
export interface Lists extends Inspected {
  readonly workspaceValue?: unknown;
  readonly workspaceFolderValue?: unknown;
}

/** Keys that are the extension's own business, of which the server knows nothing. */
const OWN = /^(server\.|disabled)/;

interface Manifest {
  readonly contributes: {
    readonly configuration: readonly { readonly properties: Readonly<Record<string, unknown>> }[];
  };
}

/** The settings in the extension's manifest that are for the server, without "codestral.". */
export function serverKeys(manifest: unknown): string[] {
  const keys = (manifest as Manifest).contributes.configuration.flatMap((each) => Object.keys(each.properties));
  return keys.map((key) => key.replace(/^codestral\./, "")).filter((key) => !OWN.test(key));
}

/**
 * What the user set, as a tree; never a default of the manifest, which would stand above the user's own file.
 *
 * What a workspace says does not count, also where VS Code would let it pass: the server takes all of this for the
 * user's own word. A workspace has a file of its own, which can only make the server do less.
 */
export function serverSettings(keys: readonly string[], inspect: (key: string) => Inspected | undefined): object {
  // An object without any section would mean "nothing to say", and leave in force what was set before.
  const tree: Record<string, Record<string, unknown>> = { completion: {} };
  for (const key of keys) {
    const value = inspect(key)?.globalValue;
    if (value !== undefined && value !== null) {
      const dot = key.indexOf(".");
      (tree[key.slice(0, dot)] ??= {})[key.slice(dot + 1)] = value;
    }
  }
  return tree;
}

/** A list as all places together have it: a workspace may add to what the user wants left alone, and take nothing away. */
export function everywhere(found: Lists | undefined): readonly string[] {
  const lists = [found?.globalValue, found?.workspaceValue, found?.workspaceFolderValue];
  return lists.flatMap((list) => (Array.isArray(list) ? list.filter((each) => typeof each === "string") : []));
}
