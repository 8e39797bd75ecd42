/** The list of conversations: one to go on with, others to delete. */
import * as vscode from "vscode";
import { complain } from "../complain";
import { conversations, endConversation, type Summary } from "../requests";
import type { Session } from "../session";

interface Entry extends vscode.QuickPickItem {
  readonly conversation: string;
}

const DELETE: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon("trash"), tooltip: "Delete this conversation" };

/** Lets the user pick a conversation; undefined if they do not. `deleted` is told each that they delete. */
export async function pickConversation(session: Session, deleted: (conversation: string) => void): Promise<string | undefined> {
  const list = vscode.window.createQuickPick<Entry>();
  list.title = "Conversations";
  list.busy = true;
  const fill = async () => {
    list.items = (await conversations(session)).map(entry);
    list.placeholder = list.items.length ? "Go on with…" : "There is none yet.";
    list.busy = false;
  };
  list.onDidTriggerItemButton(async ({ item }) => {
    deleted(item.conversation);
    await endConversation(session, item.conversation).then(fill).catch((error: unknown) => complain(error));
  });
  const picked = new Promise<string | undefined>((resolve) => {
    list.onDidAccept(() => resolve(list.selectedItems[0]?.conversation));
    list.onDidHide(() => resolve(undefined));
  });
  list.show();
  await fill().catch((error: unknown) => complain(error));
  return picked.finally(() => list.dispose());
}

function entry({ conversation, title, turns }: Summary): Entry {
  return { label: title, description: turns === 1 ? "1 question" : `${turns} questions`, conversation, buttons: [DELETE] };
}
