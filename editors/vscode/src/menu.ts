/** The menu behind the status bar item. */
import * as vscode from "vscode";
import type { Session } from "./session";
import { statusLines } from "./status";

interface Entry extends vscode.QuickPickItem {
  readonly command: string;
}

export async function showMenu(session: Session): Promise<void> {
  const [title, ...said] = statusLines(session.shown, undefined);
  const entries: Entry[] = [
    { label: session.isPaused ? "$(debug-start) Resume" : "$(debug-pause) Pause in this window", command: "togglePause" },
    { label: "$(symbol-misc) Switch model…", command: "chooseModel" },
    { label: "$(key) Enter key…", command: "enterKey" },
    { label: "$(edit) Refactor…", command: "refactorMenu" },
    { label: "$(comment-discussion) Chat", command: "chatView.focus" },
    { label: "$(circle-slash) Suggestions in this language on or off", command: "toggleLanguage" },
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

interface Model extends vscode.QuickPickItem {
  readonly provider: string;
}

const MODELS: readonly Model[] = [
  { label: "Automatic", description: "a key of Mistral's, else a server on this machine, else the embedded model", provider: "auto" },
  { label: "Codestral", description: "Mistral's model, with a key", provider: "mistral" },
  { label: "Embedded", description: "a model in a process of its own; no code leaves this machine", provider: "embedded" },
  { label: "Ollama", description: "an Ollama server", provider: "ollama" },
  { label: "llama.cpp", description: "a llama.cpp server", provider: "llamacpp" },
  { label: "OpenAI's protocol", description: "vLLM, LM Studio, a relay, …; set codestral.completion.base_url", provider: "openai" },
];

/** Who completes code, and by which model. */
export async function chooseModel(): Promise<void> {
  const settings = vscode.workspace.getConfiguration("codestral.completion");
  const current = settings.get("provider");
  const items = MODELS.map((model) => ({ ...model, label: `${model.provider === current ? "$(check) " : ""}${model.label}` }));
  const chosen = await vscode.window.showQuickPick(items, { title: "Who completes code?" });
  if (!chosen) {
    return;
  }
  const model = await vscode.window.showInputBox({
    title: "Which model?",
    prompt: "A model's name, or the path of a GGUF file. Leave it empty for the provider's own default.",
    value: chosen.provider === current ? settings.get<string>("model", "") : "",
  });
  if (model !== undefined) {
    await settings.update("provider", chosen.provider, vscode.ConfigurationTarget.Global);
    await settings.update("model", model.trim() || undefined, vscode.ConfigurationTarget.Global);
  }
}
