/** The frame of every page of ours. */
import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import { escapeHtml } from "./webview/escape";

/** A page that loads nothing but our own style sheet and `script`, with what that imports. */
export function page(webview: vscode.Webview, resources: vscode.Uri, title: string, body: string, script: string): string {
  const nonce = randomUUID();
  const address = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(resources, name)).toString();
  const policy = `default-src 'none'; style-src ${webview.cspSource}; font-src ${webview.cspSource}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="${address("page.css")}">
</head>
<body>
${body}
<script type="module" nonce="${nonce}" src="${address(script)}"></script>
</body>
</html>`;
}
