/** Explanations of the server's, in a panel beside the editor. */
import * as vscode from "vscode";
import { page } from "./page";
import { escapeHtml } from "./webview/escape";

export interface Explanation {
  readonly title: string;
  readonly markdown: string;
}

let extensionUri: vscode.Uri | undefined;

/** Where the panel's style sheet is. To be called before anything is shown. */
export function prepareExplanations(extension: vscode.Uri): void {
  extensionUri = extension;
}

export function showExplanation({ title, markdown }: Explanation): void {
  if (!extensionUri) {
    return;
  }
  const resources = vscode.Uri.joinPath(extensionUri, "dist");
  const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: false };
  const options = { enableFindWidget: true, enableScripts: true, localResourceRoots: [resources] };
  const panel = vscode.window.createWebviewPanel("codestral.explanation", title, column, options);
  const body = `<main id="explanation" class="markdown" tabindex="0" data-markdown="${escapeHtml(markdown)}"></main>`;
  panel.webview.html = page(panel.webview, resources, title, body, "explanation.js");
}
