/** Explanations of the server's, in a panel beside the editor. */
import * as vscode from "vscode";
import { renderMarkdown } from "./webview/markdown";
import { page } from "./page";

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
  const options = { enableFindWidget: true, localResourceRoots: [resources] };
  const panel = vscode.window.createWebviewPanel("codestral.explanation", title, column, options);
  panel.webview.html = page(panel.webview, resources, title, `<main class="markdown" tabindex="0">${renderMarkdown(markdown)}</main>`);
}
