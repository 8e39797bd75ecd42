/** Where the user wants no suggestions. */
import * as vscode from "vscode";

const LANGUAGES = "disabledLanguages";

/** Whether suggestions are off for a document, by its language or its path. */
export function isDisabled(document: vscode.TextDocument): boolean {
  const settings = vscode.workspace.getConfiguration("codestral", document);
  const languages = settings.get<string[]>(LANGUAGES, []);
  const files = settings.get<string[]>("disabledFiles", []);
  return languages.includes(document.languageId) || files.some((pattern) => vscode.languages.match({ pattern }, document));
}

/** Switches suggestions off for the active editor's language, or on again. */
export async function toggleLanguage(): Promise<void> {
  const language = vscode.window.activeTextEditor?.document.languageId;
  if (language === undefined) {
    return;
  }
  const settings = vscode.workspace.getConfiguration("codestral");
  const disabled = settings.get<string[]>(LANGUAGES, []);
  const isOff = disabled.includes(language);
  const next = isOff ? disabled.filter((each) => each !== language) : [...disabled, language];
  await settings.update(LANGUAGES, next, vscode.ConfigurationTarget.Global);
  vscode.window.setStatusBarMessage(`Codestral is ${isOff ? "on" : "off"} for ${language}.`, 4000);
}
