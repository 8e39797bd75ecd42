/** The language client: what it tells the server, and what it leaves out. */
import { homedir } from "node:os";
import * as vscode from "vscode";
import {
  LanguageClient,
  RevealOutputChannelOn,
  type ErrorHandler,
  type LanguageClientOptions,
  type Middleware,
  type StaticFeature,
} from "vscode-languageclient/node";
import { isDisabled } from "./languages";
import type { Progress } from "./progress";
import { serverKeys, serverSettings, type Key } from "./settings";

const SECTION = "codestral";

export interface Parts {
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly extension: vscode.Extension<unknown>;
  readonly log: vscode.LogOutputChannel;
  readonly progress: Progress;
  readonly errorHandler: ErrorHandler;
  readonly isPaused: () => boolean;
}

/** A client for the server at `command`; it is not started yet. */
export function createClient(parts: Parts): LanguageClient {
  const keys = serverKeys(parts.extension.packageJSON);
  const options: LanguageClientOptions = {
    documentSelector: [{ scheme: "file" }, { scheme: "untitled" }, { scheme: "vscode-notebook-cell" }],
    outputChannel: parts.log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: () => settings(keys),
    initializationFailedHandler: () => false,
    errorHandler: parts.errorHandler,
    middleware: middleware(parts, keys),
  };
  // The home folder is the working directory: what a workspace holds must not be loaded by accident.
  const server = {
    command: parts.command,
    args: ["serve"],
    options: { cwd: homedir(), env: { ...process.env, ...parts.environment } },
  };
  const client = new LanguageClient(SECTION, "Codestral", server, options);
  client.registerFeature(PANEL);
  return client;
}

/** Explanations are shown in a panel. */
const PANEL: StaticFeature = {
  fillClientCapabilities: (capabilities) => {
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), codestral: { panel: true } };
  },
  initialize: () => undefined,
  getState: () => ({ kind: "static" }),
  clear: () => undefined,
};

function middleware(parts: Parts, keys: readonly Key[]): Middleware {
  return {
    provideInlineCompletionItems: (document, position, context, token, next) =>
      parts.isPaused() || isDisabled(document) ? [] : next(document, position, context, token),
    handleWorkDoneProgress: (token, step, next) => parts.progress.handle(token, step, () => next(token, step)),
    workspace: {
      configuration: ({ items }, token, next) =>
        items.every((item) => item.section === SECTION) ? items.map(() => settings(keys)) : next({ items }, token),
    },
  };
}

function settings(keys: readonly Key[]): object {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  return serverSettings(keys, (name) => configuration.inspect(name));
}
