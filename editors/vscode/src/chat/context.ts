/** What goes along with a question: the code that the user looks at. */
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { ChatContext } from "../requests";
import type { Offered } from "../webview/messages";

/** The editor that the user last worked in: the chat view itself takes the focus from it. */
export function editorInUse(): vscode.TextEditor | undefined {
  const editors = [vscode.window.activeTextEditor, ...vscode.window.visibleTextEditors];
  return editors.find((editor) => editor && ["file", "untitled"].includes(editor.document.uri.scheme));
}

export function offered(): Offered | null {
  const editor = editorInUse();
  if (!editor) {
    return null;
  }
  const { start, end, isEmpty } = editor.selection;
  return {
    file: vscode.workspace.asRelativePath(editor.document.uri),
    selection: isEmpty ? "" : start.line === end.line ? `line ${start.line + 1}` : `lines ${start.line + 1}–${end.line + 1}`,
    problems: problemsOf(editor).length,
  };
}

/** The context of a question, with the file in use if `file` says so, and all open ones with `open`. */
export async function contextOf(client: LanguageClient, file: boolean, open: boolean): Promise<ChatContext> {
  const editor = editorInUse();
  if (!file || !editor) {
    return { open };
  }
  const convert = client.code2ProtocolConverter;
  return {
    uri: convert.asUri(editor.document.uri),
    ...(!editor.selection.isEmpty && { range: convert.asRange(editor.selection) }),
    diagnostics: await convert.asDiagnostics(problemsOf(editor)),
    open,
  };
}

function problemsOf(editor: vscode.TextEditor): vscode.Diagnostic[] {
  const problems = vscode.languages.getDiagnostics(editor.document.uri);
  return editor.selection.isEmpty ? [] : problems.filter((problem) => problem.range.intersection(editor.selection));
}
