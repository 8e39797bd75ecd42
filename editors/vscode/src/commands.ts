/** Every command of the extension. */
import * as vscode from "vscode";
import type { ChatView } from "./chat/view";
import { settings } from "./client";
import type { Keys } from "./keys";
import { toggleLanguage } from "./languages";
import { installServer, openSettings } from "./locate";
import { chooseModel, showMenu } from "./menu";
import { decidePreview } from "./preview";
import { explain, refactor } from "./refactor";
import type { Session } from "./session";
import { runInTerminal } from "./terminal";
import { openWalkthrough } from "./welcome";

export function registerCommands(
  context: vscode.ExtensionContext,
  session: Session,
  chat: ChatView,
  keys: Keys,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const commands: Readonly<Record<string, () => unknown>> = {
    menu: () => showMenu(session),
    refactorMenu: () => refactor(session),
    explain: () => explain(session),
    enterKey: () => keys.enter(),
    chooseModel: () => chooseModel(session),
    togglePause: () => session.togglePause(),
    toggleLanguage,
    restart: () => session.start(),
    installServer: () => installServer(context, () => session.start()),
    doctor: () => runInTerminal(session, keys, "doctor", "--settings", JSON.stringify(settings(context.extension))),
    usage: () => runInTerminal(session, keys, "usage"),
    showLog: () => log.show(),
    openSettings: () => openSettings(`@ext:${context.extension.id}`),
    applyPreview: () => decidePreview(true),
    discardPreview: () => decidePreview(false),
    openChat: () => chat.focus(),
    newChat: () => chat.startNew(),
    chatHistory: () => chat.showHistory(),
    stopChat: () => chat.stop(),
    openWalkthrough: () => openWalkthrough(context),
  };
  const registered = Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(`codestral.${name}`, run));
  return vscode.Disposable.from(...registered);
}
