/** Explanations of the server's, in a panel beside the editor. */
import * as vscode from "vscode";
import { page } from "./page";
import { escapeHtml } from "./webview/escape";

export interface Explanation {
  readonly title: string;
  readonly markdown: string;
}

let extensionUri: vscode.Uri | undefined;
let panel: vscode.WebviewPanel | undefined;

/** Where the panel's style sheet is. To be called before anything is shown. */
export function prepareExplanations(extension: vscode.Uri): void {
  extensionUri = extension;
}

/** In the one panel for them, beside the editor: the next one takes its place. */
export function showExplanation({ title, markdown }: Explanation): void {
  if (!extensionUri) {
    return;
  }
  const resources = vscode.Uri.joinPath(extensionUri, "dist");
  panel ??= opened(title, resources);
  panel.reveal();
  const body = `<main id="explanation" class="markdown" tabindex="0" data-markdown="${escapeHtml(markdown)}"></main>`;
  panel.title = title;
  panel.webview.html = page(panel.webview, resources, title, body, "explanation.js");
}

function opened(title: string, resources: vscode.Uri): vscode.WebviewPanel {
  const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: false };
  const options = { enableFindWidget: true, enableScripts: true, localResourceRoots: [resources] };
  const opened = vscode.window.createWebviewPanel("codestral.explanation", title, column, options);
  opened.onDidDispose(() => (panel = undefined));
  return opened;
}
