/** The refactor menu: what the server offers at the cursor, and an instruction in the user's own words. */
import * as vscode from "vscode";
import { CodeActionRequest, ExecuteCommandRequest, type CodeAction, type Diagnostic, type LanguageClient } from "vscode-languageclient/node";
import { complain } from "./complain";
import type { Session } from "./session";

const COMMAND = "codestral.refactor";

interface Entry extends vscode.QuickPickItem {
  readonly order?: object;
  readonly why?: string;
}

export async function refactor(session: Session): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const { client } = session;
  if (!editor || !client) {
    void vscode.window.showInformationMessage("Open a file first: a refactoring is of the code at the cursor.");
    return;
  }
  const place = { uri: client.code2ProtocolConverter.asUri(editor.document.uri), version: editor.document.version };
  const range = client.code2ProtocolConverter.asRange(editor.selection);
  const instruct: Entry = { label: "$(edit) Follow an instruction…", alwaysShow: true };
  const entries = [instruct, ...(await offered(client, place.uri, editor))];
  const chosen = await vscode.window.showQuickPick(entries, { title: "Codestral: Refactor", matchOnDescription: true });
  if (chosen === instruct) {
    const instruction = await askInstruction(editor);
    if (instruction) {
      await order(client, { ...place, range, action: "instruct", instruction });
    }
  } else if (chosen?.order) {
    await order(client, chosen.order);
  } else if (chosen?.why) {
    void vscode.window.showInformationMessage(`Codestral: ${chosen.why}`);
  }
}

/** Has the server carry something out. It shows its own progress, and its errors come as the answer. */
export async function order(client: LanguageClient, argument: object): Promise<void> {
  try {
    await client.sendRequest(ExecuteCommandRequest.type, { command: COMMAND, arguments: [argument] });
  } catch (error) {
    void complain(error);
  }
}

async function offered(client: LanguageClient, uri: string, editor: vscode.TextEditor): Promise<Entry[]> {
  const problems = vscode.languages.getDiagnostics(editor.document.uri);
  const here = problems.filter((problem) => problem.range.intersection(editor.selection));
  const found = await client.sendRequest(CodeActionRequest.type, {
    textDocument: { uri },
    range: client.code2ProtocolConverter.asRange(editor.selection),
    context: { diagnostics: await client.code2ProtocolConverter.asDiagnostics(here) },
  });
  return (found ?? []).map((action) => entry(action as CodeAction));
}

function entry(action: CodeAction): Entry {
  if (action.disabled) {
    return { label: `$(circle-slash) ${action.title}`, description: action.disabled.reason, why: action.disabled.reason };
  }
  const order = (action.command?.arguments?.[0] ?? { ...action.data, diagnostic: action.diagnostics?.[0] }) as object;
  return { label: `$(sparkle) ${action.title}`, description: said(action.diagnostics?.[0]), order };
}

function said(diagnostic: Diagnostic | undefined): string {
  const message = diagnostic?.message ?? "";
  return typeof message === "string" ? message : message.value;
}

function askInstruction(editor: vscode.TextEditor): Thenable<string | undefined> {
  const lines = editor.selection.isEmpty ? `line ${editor.selection.start.line + 1}` : "the selection";
  return vscode.window.showInputBox({
    title: `Codestral: what should be done with ${lines}?`,
    placeHolder: "for example: skip empty lines",
    ignoreFocusOut: true,
  });
}
