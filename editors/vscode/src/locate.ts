/** Finds the server for this window, or offers to install it. */
import { homedir } from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import { find, type Found, type Missing } from "./server/find";
import { install, InstallError, sourceOf } from "./server/install";
import { probe } from "./server/version";

const INSTALL = "Install";
const SETTINGS = "Open Settings";

export async function locate(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): Promise<Found | Missing> {
  const folders = vscode.workspace.isTrusted ? (vscode.workspace.workspaceFolders ?? []) : [];
  const found = await find(
    {
      setting: own("server.path"),
      folders: folders.filter(({ uri }) => uri.scheme === "file").map(({ uri }) => uri.fsPath),
      home: homedir(),
      env: process.env,
      platform: process.platform,
      privateEnvironment: environment(context),
    },
    probe,
  );
  log.info("message" in found ? found.message : `codestral-ls ${found.version} at ${found.path} (${found.origin})`);
  return found;
}

/** Asks whether the server should be installed; `then` is what to do when it is. */
export async function offerInstall(context: vscode.ExtensionContext, why: string, then: () => unknown): Promise<void> {
  // Where the user names a program, no other is looked for.
  const choices = own("server.path") ? [SETTINGS] : [INSTALL, SETTINGS];
  const question = choices.includes(INSTALL) ? " Install it into an environment of this extension's own?" : "";
  const choice = await vscode.window.showErrorMessage(`${why}${question}`, ...choices);
  if (choice === INSTALL) {
    await installServer(context, then);
  } else if (choice === SETTINGS) {
    await openSettings("codestral.server");
  }
}

export async function installServer(context: vscode.ExtensionContext, then: () => unknown): Promise<void> {
  const options = { location: vscode.ProgressLocation.Notification, title: "Installing codestral-ls", cancellable: true };
  const abort = new AbortController();
  try {
    await vscode.window.withProgress(options, async (progress, cancelled) => {
      cancelled.onCancellationRequested(() => abort.abort());
      const source = await sourceOf(own("server.source"), context.extensionPath);
      await install(environment(context), source, (message) => progress.report({ message }), abort.signal);
    });
  } catch (error) {
    if (!(error instanceof InstallError)) {
      throw error;
    }
    if (!abort.signal.aborted) {
      void vscode.window.showErrorMessage(error.message);
    }
    return;
  }
  await then();
}

/** Opens the user's settings where those of this machine are, which in a remote window are apart from the others. */
export async function openSettings(query: string): Promise<void> {
  const page = vscode.env.remoteName === undefined ? "openSettings" : "openRemoteSettings";
  await vscode.commands.executeCommand(`workbench.action.${page}`, { query });
}

/** A setting that only the user may have set: what a workspace says of it does not count. */
function own(key: string): string {
  return vscode.workspace.getConfiguration("codestral").inspect<string>(key)?.globalValue?.trim() ?? "";
}

function environment(context: vscode.ExtensionContext): string {
  return path.join(context.globalStorageUri.fsPath, "server");
}
