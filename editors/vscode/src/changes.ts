/** What an edit of the server's does to each file. */
import type { AnnotatedTextEdit, SnippetTextEdit, TextDocumentEdit, TextEdit, WorkspaceEdit } from "vscode-languageserver-protocol";
import { TextDocument } from "vscode-languageserver-textdocument";

/** A file before and after; a new one has no `before`. */
export interface Change {
  readonly uri: string;
  readonly before: string | undefined;
  readonly after: string;
}

/** The files that an edit changes or makes, in its order. `read` gives a file's text. */
export async function changesOf(edit: WorkspaceEdit, read: (uri: string) => Promise<string>): Promise<Change[]> {
  const steps = edit.documentChanges ?? [];
  const made = new Set(steps.flatMap((step) => ("kind" in step && step.kind === "create" ? [step.uri] : [])));
  const changes: Change[] = [];
  for (const { textDocument, edits } of steps.filter((step): step is TextDocumentEdit => "textDocument" in step)) {
    const before = made.has(textDocument.uri) ? undefined : await read(textDocument.uri);
    changes.push({ uri: textDocument.uri, before, after: applied(before ?? "", edits.filter(isPlain)) });
  }
  return changes;
}

/** The edit for which nobody has to be asked again. */
export function unconfirmed(edit: WorkspaceEdit): WorkspaceEdit {
  const changeAnnotations = { ...edit.changeAnnotations };
  for (const [id, annotation] of Object.entries(changeAnnotations)) {
    changeAnnotations[id] = { ...annotation, needsConfirmation: false };
  }
  return { ...edit, changeAnnotations };
}

/** Whether more is done than to change one file. VS Code saves what such a refactoring does: it may be out of sight. */
export function isRefactoring(edit: WorkspaceEdit): boolean {
  return (edit.documentChanges?.length ?? 0) > 1;
}

function applied(text: string, edits: TextEdit[]): string {
  return TextDocument.applyEdits(TextDocument.create("", "", 0, text), edits);
}

function isPlain(edit: TextEdit | AnnotatedTextEdit | SnippetTextEdit): edit is TextEdit {
  return "newText" in edit;
}
