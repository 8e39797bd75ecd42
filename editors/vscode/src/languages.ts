/** Where the user wants no suggestions. */
import * as vscode from "vscode";
import { everywhere } from "./settings";

const LANGUAGES = "disabledLanguages";

/** Whether suggestions are off for a document, by its language or its path. */
export function isDisabled(document: vscode.TextDocument): boolean {
  const settings = vscode.workspace.getConfiguration("codestral", document);
  const files = everywhere(settings.inspect<string[]>("disabledFiles"));
  return (
    everywhere(settings.inspect<string[]>(LANGUAGES)).includes(document.languageId) ||
    files.some((pattern) => vscode.languages.match({ pattern }, document) > 0)
  );
}

/** Switches suggestions off for the active editor's language, or on again. */
export async function toggleLanguage(): Promise<void> {
  const language = vscode.window.activeTextEditor?.document.languageId;
  if (language === undefined) {
    return;
  }
  const settings = vscode.workspace.getConfiguration("codestral");
  const disabled = settings.inspect<string[]>(LANGUAGES)?.globalValue ?? [];
  const isOff = disabled.includes(language);
  const next = isOff ? disabled.filter((each) => each !== language) : [...disabled, language];
  await settings.update(LANGUAGES, next, vscode.ConfigurationTarget.Global);
  vscode.window.setStatusBarMessage(`Codestral is ${isOff ? "on" : "off"} for ${language}.`, 4000);
}
