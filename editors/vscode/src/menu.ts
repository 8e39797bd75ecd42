/** The menu behind the status bar item. */
import * as vscode from "vscode";
import { isLanguageOff } from "./languages";
import { models, spentToday } from "./requests";
import type { Session } from "./session";
import { statusLines } from "./status";

interface Entry extends vscode.QuickPickItem {
  readonly command: string;
}

export async function showMenu(session: Session): Promise<void> {
  const [title, ...said] = statusLines(session.shown, await spentToday(session));
  const entries: Entry[] = [
    { label: session.isPaused ? "$(debug-start) Resume" : "$(debug-pause) Pause in this window", command: "togglePause" },
    { label: "$(symbol-misc) Switch model…", command: "chooseModel" },
    { label: "$(key) Enter key…", command: "enterKey" },
    { label: "$(edit) Refactor…", command: "refactorMenu" },
    { label: "$(comment-discussion) Chat", command: "openChat" },
    ...languageEntry(),
    { label: "$(pulse) Doctor: check the settings and the model", command: "doctor" },
    { label: "$(graph) Usage and cost", command: "usage" },
    { label: "$(output) Log", command: "showLog" },
    { label: "$(refresh) Restart the server", command: "restart" },
    { label: "$(gear) Settings", command: "openSettings" },
    { label: "$(mortar-board) Walkthrough", command: "openWalkthrough" },
  ];
  const chosen = await vscode.window.showQuickPick(entries, { title: title ?? "Codestral", placeHolder: said.join(" ") });
  if (chosen) {
    await vscode.commands.executeCommand(`codestral.${chosen.command}`);
  }
}

function languageEntry(): Entry[] {
  const language = vscode.window.activeTextEditor?.document.languageId;
  const next = language !== undefined && isLanguageOff(language) ? "on" : "off";
  return language === undefined ? [] : [{ label: `$(circle-slash) Suggestions in this language (${language}): turn ${next}`, command: "toggleLanguage" }];
}

const NAMES: Readonly<Record<string, string>> = {
  mistral: "Codestral, by Mistral",
  ollama: "Ollama",
  llamacpp: "llama.cpp",
  openai: "Another server of OpenAI's protocol",
  embedded: "Embedded in the language server",
};

/** Who completes code, and by which model. */
export async function chooseModel(session: Session): Promise<void> {
  const settings = vscode.workspace.getConfiguration("codestral.completion");
  const current = settings.get<string>("provider", "auto");
  const automatic = { label: label("Automatic", current === "auto"), description: "the first of these that works", provider: "auto" };
  const others = models(session).then((found) => [
    automatic,
    ...found.map(({ provider, says, works }) => ({
      label: label(NAMES[provider] ?? provider, provider === current),
      description: works ? "" : "$(warning)",
      detail: says,
      provider,
    })),
  ]);
  const chosen = await vscode.window.showQuickPick(others, { title: "Who completes code?" });
  if (!chosen) {
    return;
  }
  const model = chosen.provider === "auto" ? "" : await askName(chosen.provider === current ? settings.get<string>("model", "") : "");
  if (model !== undefined) {
    await settings.update("provider", chosen.provider, vscode.ConfigurationTarget.Global);
    await settings.update("model", model.trim() || undefined, vscode.ConfigurationTarget.Global);
  }
}

function askName(current: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: "Which model?",
    prompt: "A model's name, or the path of a GGUF file. Leave it empty for the provider's own default.",
    value: current,
  });
}

function label(name: string, isCurrent: boolean): string {
  return isCurrent ? `$(check) ${name}` : name;
}
