/** A block of an answer goes into its file, by way of a preview. */
import * as vscode from "vscode";
import type { LanguageClient, WorkspaceEdit } from "vscode-languageclient/node";
import { complain } from "../complain";
import { applyWithPreview } from "../preview";
import { editorInUse } from "./context";
import { blockOf, type Applicable } from "./talk";

interface Proposed {
  readonly title: string;
  readonly edit: WorkspaceEdit;
  readonly notes: readonly string[];
}

/** Asks the server where the block goes; where it cannot tell, the user may name the open file. */
export async function applyBlock(client: LanguageClient | undefined, answer: Applicable | undefined, index: number, code: string): Promise<void> {
  const block = answer && blockOf(answer.blocks, index, code);
  if (!client || !answer || block === undefined) {
    return;
  }
  const wanted = { conversation: answer.conversation, turn: answer.turn, block };
  try {
    await propose(client, wanted);
  } catch (error) {
    const editor = editorInUse();
    const here = editor ? [`Apply to ${vscode.workspace.asRelativePath(editor.document.uri)}`] : [];
    if ((await complain(error, ...here)) !== undefined && editor) {
      await propose(client, { ...wanted, ...placeOf(client, editor) }).catch((again: unknown) => complain(again));
    }
  }
}

function placeOf(client: LanguageClient, { document, selection }: vscode.TextEditor): object {
  const convert = client.code2ProtocolConverter;
  const uri = convert.asUri(document.uri);
  return selection.isEmpty ? { uri } : { uri, range: convert.asRange(selection) };
}

async function propose(client: LanguageClient, wanted: object): Promise<void> {
  const proposed = await client.sendRequest<Proposed>("codestral/chat/apply", wanted);
  await applyWithPreview(client, proposed.edit, proposed.title, proposed.notes.join(" "));
}
