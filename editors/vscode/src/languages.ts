/** Where the user wants no suggestions. */
import * as vscode from "vscode";
import { everywhere } from "./settings";

const LANGUAGES = "disabledLanguages";

/** Why suggestions are off for a document, as a sentence: by its language or its path. Empty if they are on. */
export function whyDisabled(document: vscode.TextDocument | undefined): string {
  if (!document) {
    return "";
  }
  const settings = vscode.workspace.getConfiguration("codestral", document);
  if (everywhere(settings.inspect<string[]>(LANGUAGES)).includes(document.languageId)) {
    return `codestral.disabledLanguages has ${document.languageId}.`;
  }
  const files = everywhere(settings.inspect<string[]>("disabledFiles"));
  const pattern = files.find((each) => globs(each, document).some((glob) => vscode.languages.match({ pattern: glob }, document) > 0));
  return pattern === undefined ? "" : `codestral.disabledFiles has ${pattern}.`;
}

/** A pattern counts from the root of the workspace; without a slash it is a file's name, wherever that is. */
function globs(pattern: string, document: vscode.TextDocument): vscode.GlobPattern[] {
  const folder = vscode.workspace.getWorkspaceFolder(fileOf(document));
  const whole = pattern.includes("/") ? pattern : `**/${pattern}`;
  return [whole, ...(folder ? [new vscode.RelativePattern(folder, pattern)] : [])];
}

/** A notebook's cell has an address of its own, which is in no folder. */
function fileOf({ uri }: vscode.TextDocument): vscode.Uri {
  const notebooks = uri.scheme === "vscode-notebook-cell" ? vscode.workspace.notebookDocuments : [];
  return notebooks.find((each) => each.uri.path === uri.path)?.uri ?? uri;
}

/** Whether the user has switched suggestions off for a language, wherever it is. */
export function isLanguageOff(language: string): boolean {
  return disabledLanguages().includes(language);
}

/** Switches suggestions off for the active editor's language, or on again. */
export async function toggleLanguage(): Promise<void> {
  const language = vscode.window.activeTextEditor?.document.languageId;
  if (language === undefined) {
    return;
  }
  const isOff = isLanguageOff(language);
  const next = isOff ? disabledLanguages().filter((each) => each !== language) : [...disabledLanguages(), language];
  await vscode.workspace.getConfiguration("codestral").update(LANGUAGES, next, vscode.ConfigurationTarget.Global);
  vscode.window.setStatusBarMessage(`Codestral is ${isOff ? "on" : "off"} for ${language}.`, 4000);
}

function disabledLanguages(): readonly string[] {
  return everywhere({ globalValue: vscode.workspace.getConfiguration("codestral").inspect(LANGUAGES)?.globalValue });
}
