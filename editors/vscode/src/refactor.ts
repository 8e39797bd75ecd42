/** The refactor menu: what the server offers at the cursor, and what there is to ask before it begins. */
import * as vscode from "vscode";
import { CodeActionRequest, type CodeAction, type Diagnostic, type LanguageClient } from "vscode-languageclient/node";
import type { Session } from "./session";

/** The server's command, which the client registers. Its argument says what to do, and where. */
export const REFACTOR = "codestral.refactor";

/** The argument as far as it matters here: `asks` is what the user has to say more about. */
interface Order {
  readonly asks?: string;
}

interface Entry extends vscode.QuickPickItem {
  readonly order?: object;
}

interface Place {
  readonly editor: vscode.TextEditor;
  readonly client: LanguageClient;
}

export async function refactor(session: Session): Promise<void> {
  const here = place(session);
  if (!here) {
    return;
  }
  const entries = (await offered(here.client, here.editor)).map(entry);
  const chosen = await vscode.window.showQuickPick(entries, { title: "Codestral: Refactor", matchOnDescription: true });
  if (chosen?.order) {
    await vscode.commands.executeCommand(REFACTOR, chosen.order);
  } else if (chosen?.description) {
    void vscode.window.showInformationMessage(`Codestral: ${chosen.description}`);
  }
}

/** Explains the code at the cursor. */
export async function explain(session: Session): Promise<void> {
  const here = place(session);
  if (here) {
    const convert = here.client.code2ProtocolConverter;
    const { document, selection } = here.editor;
    const range = convert.asRange(selection);
    await vscode.commands.executeCommand(REFACTOR, { uri: convert.asUri(document.uri), version: document.version, range, action: "explain" });
  }
}

/** The command's arguments with what the user was asked for; undefined if they had nothing to say. */
export async function instructed(order: Order): Promise<object[] | undefined> {
  if (!order.asks) {
    return [order];
  }
  const instruction = await vscode.window.showInputBox({
    title: `Codestral: ${order.asks}`,
    placeHolder: "for example: skip empty lines",
    ignoreFocusOut: true,
  });
  return instruction?.trim() ? [{ ...order, instruction: instruction.trim() }] : undefined;
}

/** Where the user is, and the server to ask about it. Tells what of it there is not. */
function place({ client, missing }: Session): Place | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor && client) {
    return { editor, client };
  }
  void vscode.window.showInformationMessage(editor ? missing : "Open a file first: this is about the code at the cursor.");
  return undefined;
}

async function offered(client: LanguageClient, editor: vscode.TextEditor): Promise<CodeAction[]> {
  const { document, selection } = editor;
  const problems = vscode.languages.getDiagnostics(document.uri);
  const here = problems.filter((problem) => problem.range.intersection(selection));
  const found = await client.sendRequest(CodeActionRequest.type, {
    textDocument: { uri: client.code2ProtocolConverter.asUri(document.uri) },
    range: client.code2ProtocolConverter.asRange(selection),
    context: { diagnostics: await client.code2ProtocolConverter.asDiagnostics(here) },
  });
  // With literals announced, all of them are actions.
  return (found ?? []) as CodeAction[];
}

function entry({ title, disabled, command, diagnostics }: CodeAction): Entry {
  if (disabled) {
    return { label: `$(circle-slash) ${title}`, description: disabled.reason };
  }
  const order = command?.arguments?.[0] as Order;
  return { label: `${order.asks ? "$(edit)" : "$(sparkle)"} ${title}`, description: said(diagnostics?.[0]), order };
}

function said(diagnostic: Diagnostic | undefined): string {
  const message = diagnostic?.message ?? "";
  return typeof message === "string" ? message : message.value;
}
