/** Errors that the server answers with, for the user to read. */
import * as vscode from "vscode";
import { LSPErrorCodes } from "vscode-languageclient/node";

/** Shows an error, unless it is that the user cancelled. */
export function complain(error: unknown, ...choices: string[]): Thenable<string | undefined> {
  return isCancelled(error)
    ? Promise.resolve(undefined)
    : vscode.window.showErrorMessage(`Codestral: ${messageOf(error)}`, ...choices);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isCancelled(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return error instanceof vscode.CancellationError || code === LSPErrorCodes.RequestCancelled;
}
