/** Explains the code at the cursor. */
import * as vscode from "vscode";
import { order } from "./refactor";
import type { Session } from "./session";

export async function explain({ client }: Session): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor && client) {
    const { uri, version } = editor.document;
    const range = client.code2ProtocolConverter.asRange(editor.selection);
    await order(client, { uri: client.code2ProtocolConverter.asUri(uri), version, range, action: "explain" });
  }
}
