/** Shows a change as a diff, and makes it when the user says so. */
import * as vscode from "vscode";
import type { LanguageClient, TextDocumentEdit, WorkspaceEdit } from "vscode-languageclient/node";
import { changesOf, isRefactoring, unconfirmed, type Change } from "./changes";

export const SCHEME = "codestral-preview";
const CONTEXT = "codestral.previewing";
const APPLY = "Apply";
const DISCARD = "Discard";
const KEY = process.platform === "darwin" ? "Cmd+Enter" : "Ctrl+Enter";

/** One change under consideration at a time. */
let decide: ((apply: boolean) => void) | undefined;
const texts = new Map<string, string>();
let count = 0;

/** What the commands `applyPreview` and `discardPreview` do. */
export function decidePreview(apply: boolean): void {
  decide?.(apply);
}

export function registerPreview(): vscode.Disposable {
  const content = vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    provideTextDocumentContent: (uri) => texts.get(uri.toString()) ?? "",
  });
  const closing = vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
    if (closed.some((tab) => addresses(tab).some((uri) => texts.has(uri.toString())))) {
      decide?.(false);
    }
  });
  return vscode.Disposable.from(content, closing);
}

/** Asks the user, and applies the edit if they agree and the files are still what they were. */
export async function applyWithPreview(client: LanguageClient, edit: WorkspaceEdit, title: string, remarks: string): Promise<boolean> {
  if (!(await isWanted(client, edit, title, remarks))) {
    return false;
  }
  if (isStale(client, edit)) {
    void vscode.window.showErrorMessage("Codestral: The file was edited in the meantime, so nothing was changed; ask again.");
    return false;
  }
  const converted = await client.protocol2CodeConverter.asWorkspaceEdit(unconfirmed(edit));
  return vscode.workspace.applyEdit(converted, { isRefactoring: isRefactoring(edit) });
}

/** Shows what an edit does, and waits for the user's decision. */
export async function isWanted(client: LanguageClient, edit: WorkspaceEdit, title: string, remarks: string): Promise<boolean> {
  const changes = await changesOf(edit, (uri) => read(client, uri));
  const right = changes.map((change) => virtual(client, change.uri, change.after));
  decide?.(false);
  const decision = new Promise<boolean>((resolve) => (decide = resolve));
  const mine = decide;
  try {
    await vscode.commands.executeCommand("setContext", CONTEXT, true);
    await open(client, title.replace(/\s*…$/, ""), changes, right);
    if (decide === mine) {
      offer(`${title.replace(/[\s.…]*$/, "")}.${remarks && ` ${remarks}`} ${KEY} applies it, Escape discards it.`, right);
    }
    return await decision;
  } finally {
    await close(right, mine);
  }
}

/** The same as buttons, for those who look for some. */
function offer(message: string, right: readonly vscode.Uri[]): void {
  void vscode.window.showInformationMessage(message, APPLY, DISCARD).then((choice) => {
    if (choice !== undefined && right.some((uri) => texts.has(uri.toString()))) {
      decide?.(choice === APPLY);
    }
  });
}

async function open(client: LanguageClient, title: string, changes: readonly Change[], right: readonly vscode.Uri[]): Promise<void> {
  const pairs = changes.map((change, index) => {
    const uri = client.protocol2CodeConverter.asUri(change.uri);
    return [uri, change.before === undefined ? virtual(client, change.uri) : uri, right[index]] as const;
  });
  const [only] = pairs;
  if (only && pairs.length === 1) {
    const [uri, before, after] = only;
    await vscode.commands.executeCommand("vscode.diff", before, after, `${vscode.workspace.asRelativePath(uri)} (proposed)`, { preview: false });
  } else {
    await vscode.commands.executeCommand("vscode.changes", title, pairs);
  }
}

async function close(right: readonly vscode.Uri[], mine: typeof decide): Promise<void> {
  right.forEach((uri) => texts.delete(uri.toString()));
  // Another change may have taken its place while this one was being opened.
  if (decide === mine) {
    decide = undefined;
    await vscode.commands.executeCommand("setContext", CONTEXT, false);
  }
  await vscode.commands.executeCommand("notifications.hideToasts");
  const ours = (tab: vscode.Tab) => addresses(tab).some((uri) => right.some((each) => each.toString() === uri.toString()));
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs.filter(ours));
  await vscode.window.tabGroups.close(tabs);
}

/** A document of ours, empty unless there is a text for it. By its name it gets the language of the file. */
function virtual(client: LanguageClient, file: string, text?: string): vscode.Uri {
  const uri = client.protocol2CodeConverter.asUri(file).with({ scheme: SCHEME, authority: "", query: String(++count) });
  if (text !== undefined) {
    texts.set(uri.toString(), text);
  }
  return uri;
}

function addresses(tab: vscode.Tab): vscode.Uri[] {
  if (tab.input instanceof vscode.TabInputTextDiff) {
    return [tab.input.modified];
  }
  // The type of a tab with several diffs is not in every version of the editor.
  const { textDiffs } = (tab.input ?? {}) as { textDiffs?: readonly vscode.TabInputTextDiff[] };
  return textDiffs?.map((each) => each.modified) ?? [];
}

async function read(client: LanguageClient, uri: string): Promise<string> {
  return (await vscode.workspace.openTextDocument(client.protocol2CodeConverter.asUri(uri))).getText();
}

function isStale(client: LanguageClient, edit: WorkspaceEdit): boolean {
  const edits = (edit.documentChanges ?? []).filter((each): each is TextDocumentEdit => "textDocument" in each);
  return edits.some(({ textDocument: { uri, version } }) => {
    const address = client.protocol2CodeConverter.asUri(uri).toString();
    const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === address);
    return version !== null && document?.version !== version;
  });
}
