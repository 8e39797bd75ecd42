/** The status bar item. */
import * as vscode from "vscode";
import type { Session } from "./session";
import { spentToday } from "./requests";
import { statusLines, statusText, type Status } from "./status";

const COLOURS: Readonly<Partial<Record<Status["state"], string>>> = {
  error: "statusBarItem.errorBackground",
  stopped: "statusBarItem.errorBackground",
  warning: "statusBarItem.warningBackground",
  offline: "statusBarItem.warningBackground",
};

/** Keeps an item in the status bar up to date. */
export function createStatusBar(session: Session): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("codestral.status", vscode.StatusBarAlignment.Right, 100);
  item.name = "Codestral";
  item.command = "codestral.menu";
  let spent: number | undefined;
  const show = () => {
    const lines = statusLines(session.shown, spent);
    item.text = statusText(session.shown, spent);
    item.tooltip = lines.join("\n\n");
    item.accessibilityInformation = { label: lines.join(" "), role: "button" };
    const colour = COLOURS[session.shown.state];
    item.backgroundColor = colour === undefined ? undefined : new vscode.ThemeColor(colour);
  };
  const listening = session.onStatus(async (status) => {
    show();
    if (status.state === "ready" || status.state === "off") {
      spent = await spentToday(session);
      show();
    }
  });
  show();
  item.show();
  return vscode.Disposable.from(item, listening);
}
