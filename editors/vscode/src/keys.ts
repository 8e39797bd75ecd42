/** The user's keys: kept by VS Code, handed to the server in the environment of its process, and nowhere else. */
import * as vscode from "vscode";

/** A variable in which the server looks for a key, and whose key that is. */
interface Owner {
  readonly variable: string;
  readonly host: string;
  readonly detail?: string;
}

const OWNERS: readonly Owner[] = [
  { variable: "CODESTRAL_API_KEY", host: "codestral.mistral.ai", detail: "A key that Mistral makes for Codestral in editors" },
  { variable: "MISTRAL_API_KEY", host: "api.mistral.ai", detail: "A key for all of Mistral's models" },
];

export class Keys {
  constructor(private readonly secrets: vscode.SecretStorage) {}

  /** The variables that have a key, for the environment of the server's process. */
  async environment(): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const { variable } of owners()) {
      const key = await this.secrets.get(variable);
      if (key) {
        found[variable] = key;
      }
    }
    return found;
  }

  /** Whether there is a key, of ours or in the environment that VS Code was started in. */
  async any(): Promise<boolean> {
    const own = await this.environment();
    return owners().some(({ variable }) => own[variable] ?? process.env[variable]);
  }

  /** Asks the user for a key, an empty one to forget it. Returns whether anything was changed. */
  async enter(): Promise<boolean> {
    const owner = await this.choose();
    if (!owner) {
      return false;
    }
    const key = await vscode.window.showInputBox({
      title: `Key for ${owner.host}`,
      prompt: "It is kept in VS Code's secret storage and sent to this host only. Leave it empty to forget it.",
      password: true,
      ignoreFocusOut: true,
    });
    if (key === undefined) {
      return false;
    }
    await (key.trim() ? this.secrets.store(owner.variable, key.trim()) : this.secrets.delete(owner.variable));
    return true;
  }

  private async choose(): Promise<Owner | undefined> {
    const own = await this.environment();
    const items = owners().map((owner) => ({
      ...owner,
      label: owner.host,
      description: own[owner.variable] ? "a key is stored" : process.env[owner.variable] ? "from the environment" : "",
    }));
    return vscode.window.showQuickPick(items, { title: "Whose key?", placeHolder: "A key is sent to the host it belongs to" });
  }
}

/** The known owners, and the variables that the user's own settings name. */
function owners(): Owner[] {
  const settings = vscode.workspace.getConfiguration("codestral");
  const named = ["completion", "chat"].flatMap((section) => {
    const variable = settings.inspect<string>(`${section}.api_key_env`)?.globalValue;
    const address = settings.inspect<string>(`${section}.base_url`)?.globalValue;
    return variable ? [{ variable, host: address ?? `the host of codestral.${section}` }] : [];
  });
  const all = [...OWNERS, ...named];
  return all.filter((owner, index) => all.findIndex((other) => other.variable === owner.variable) === index);
}
