/** The user's settings as the server knows them. */

/** What VS Code knows of a setting, by who set it. */
export interface Inspected {
  readonly globalValue?: unknown;
  readonly workspaceValue?: unknown;
}

/** A key of `contributes.configuration`, without "codestral.". `scope` is VS Code's. */
export interface Key {
  readonly name: string;
  readonly scope: string;
}

/** Keys that are the extension's own business, of which the server knows nothing. */
const OWN = /^(server\.|disabled)/;

interface Property {
  readonly scope?: string;
}

interface Manifest {
  readonly contributes: {
    readonly configuration: readonly { readonly properties: Readonly<Record<string, Property>> }[];
  };
}

/** The settings in the extension's manifest that are for the server. */
export function serverKeys(manifest: unknown): Key[] {
  const properties = (manifest as Manifest).contributes.configuration.flatMap((each) => Object.entries(each.properties));
  return properties
    .map(([name, property]) => ({ name: name.replace(/^codestral\./, ""), scope: property.scope ?? "window" }))
    .filter((key) => !OWN.test(key.name));
}

/**
 * What was set, as a tree; never a default of the manifest, which would stand above the user's own file.
 *
 * A workspace has no say in a key of scope "machine", also where VS Code would let it pass.
 */
export function serverSettings(keys: readonly Key[], inspect: (name: string) => Inspected | undefined): object {
  // An object without any section would mean "nothing to say", and leave in force what was set before.
  const tree: Record<string, Record<string, unknown>> = { completion: {} };
  for (const { name, scope } of keys) {
    const found = inspect(name);
    const value = (scope === "machine" ? undefined : found?.workspaceValue) ?? found?.globalValue;
    if (value !== undefined && value !== null) {
      const dot = name.indexOf(".");
      (tree[name.slice(0, dot)] ??= {})[name.slice(dot + 1)] = value;
    }
  }
  return tree;
}
