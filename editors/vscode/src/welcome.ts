/** The walkthrough, for those who have not set up anything. */
import * as vscode from "vscode";
import type { Keys } from "./keys";

const SHOWN = "welcomed";

/** Opens the walkthrough, once, where there is no key and the user has not said which model to use. */
export async function welcome(context: vscode.ExtensionContext, keys: Keys): Promise<void> {
  const provider = vscode.workspace.getConfiguration("codestral").inspect("completion.provider")?.globalValue;
  if (context.globalState.get(SHOWN) || provider !== undefined || (await keys.any())) {
    return;
  }
  await context.globalState.update(SHOWN, true);
  await openWalkthrough(context);
}

export async function openWalkthrough(context: vscode.ExtensionContext): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.openWalkthrough", `${context.extension.id}#start`, false);
}
