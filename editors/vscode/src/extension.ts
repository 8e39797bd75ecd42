/** What VS Code starts and stops. */
import * as vscode from "vscode";
import { ChatView, VIEW } from "./chat/view";
import { registerCommands } from "./commands";
import { prepareExplanations } from "./explanation";
import { Keys } from "./keys";
import { registerPreview } from "./preview";
import { Session } from "./session";
import { createStatusBar } from "./statusBar";
import { welcome } from "./welcome";

let session: Session | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel("Codestral", { log: true });
  const keys = new Keys(context.secrets);
  const current = new Session(context, keys, log);
  session = current;
  const chat = new ChatView(current, vscode.Uri.joinPath(context.extensionUri, "dist"));
  prepareExplanations(context.extensionUri);
  context.subscriptions.push(
    log,
    createStatusBar(current),
    registerPreview(),
    vscode.window.registerWebviewViewProvider(VIEW, chat),
    registerCommands(context, current, chat, keys, log),
    context.secrets.onDidChange(() => void current.start()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void current.start()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("codestral.server")) {
        void current.start();
      }
      current.refresh();
    }),
    vscode.window.onDidChangeActiveTextEditor(() => current.refresh()),
  );
  await Promise.all([current.start(), welcome(context, keys)]);
}

export async function deactivate(): Promise<void> {
  await session?.dispose();
}
