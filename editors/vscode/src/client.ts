/** The language client: what it tells the server, and what it leaves out. */
import { homedir } from "node:os";
import { createInterface } from "node:readline";
import * as vscode from "vscode";
import {
  CancellationToken,
  CloseAction,
  DidChangeConfigurationNotification,
  ErrorAction,
  LSPErrorCodes,
  LanguageClient,
  ResponseError,
  RevealOutputChannelOn,
  type ApplyWorkspaceEditParams,
  type ApplyWorkspaceEditRequest,
  type LanguageClientOptions,
  type Middleware,
  type StaticFeature,
} from "vscode-languageclient/node";
import { isRefactoring, unconfirmed } from "./changes";
import { complain } from "./complain";
import { whyDisabled } from "./languages";
import { isWanted } from "./preview";
import type { Progress } from "./progress";
import { instructed, REFACTOR } from "./refactor";
import { serverKeys, serverSettings } from "./settings";

const SECTION = "codestral";

type NextApply = ApplyWorkspaceEditRequest.HandlerSignature;

export interface Parts {
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly extension: vscode.Extension<unknown>;
  readonly log: vscode.LogOutputChannel;
  readonly progress: Progress;
  readonly onClosed: () => void;
  /** Told each line that the server writes to standard error. */
  readonly onError: (line: string) => void;
  readonly onAnswered: () => void;
  readonly isPaused: () => boolean;
  readonly client: () => LanguageClient | undefined;
}

/** What goes wrong with the connection is told by the session, in words of its own; the log has the details. */
export class Client extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** A client for the server at `command`; it is not started yet. */
export function createClient(parts: Parts): Client {
  const options: LanguageClientOptions = {
    documentSelector: [{ scheme: "file" }, { scheme: "untitled" }, { scheme: "vscode-notebook-cell" }],
    outputChannel: parts.log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: () => settings(parts.extension),
    initializationFailedHandler: () => false,
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => {
        parts.onClosed();
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    },
    middleware: middleware(parts),
    stdioOptions: {
      stdout: () => undefined,
      stderr: (input, log) => {
        createInterface({ input }).on("line", (line) => {
          log.error(line);
          parts.onError(line);
        });
      },
    },
  };
  // The home folder is the working directory: what a workspace holds must not be loaded by accident.
  const server = {
    command: parts.command,
    args: ["serve"],
    options: { cwd: homedir(), env: { ...process.env, ...parts.environment } },
  };
  const client = new Client(SECTION, "Codestral", server, options);
  client.registerFeature(ABILITIES);
  return client;
}

/**
 * What the server may leave to us: explanations have a panel, errors are shown, each once, and an instruction is
 * asked for. Code actions come as commands, never as edits of VS Code's own, so that all changes are previewed alike.
 */
const ABILITIES: StaticFeature = {
  fillClientCapabilities: (capabilities) => {
    const codestral = { panel: true, errors: true, asks: true };
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), codestral };
    delete capabilities.textDocument?.codeAction?.resolveSupport;
    delete capabilities.textDocument?.codeAction?.dataSupport;
  },
  initialize: () => undefined,
  getState: () => ({ kind: "static" }),
  clear: () => undefined,
};

function middleware(parts: Parts): Middleware {
  return {
    provideInlineCompletionItems: (document, position, context, token, next) =>
      parts.isPaused() || whyDisabled(document) ? [] : next(document, position, context, token),
    executeCommand: async (command, args, next) => {
      const told: unknown[] | undefined = command === REFACTOR ? await instructed(args[0] as object) : args;
      const answer = told && Promise.resolve(next(command, told) as unknown);
      return answer?.catch((error: unknown) => void complain(error)).finally(parts.onAnswered);
    },
    handleWorkDoneProgress: (token, step, next) => parts.progress.handle(token, step, () => next(token, step)),
    workspace: {
      handleApplyEdit: (params, next) => applyEdit(parts.client(), params, next),
      // With nothing said here, the server asks: only then does it get what the user has set, and no default.
      didChangeConfiguration: async () => parts.client()?.sendNotification(DidChangeConfigurationNotification.type, { settings: null }),
      configuration: ({ items }, token, next) =>
        items.every((item) => item.section === SECTION) ? items.map(() => settings(parts.extension)) : next({ items }, token),
    },
  };
}

/** What the server wants to change is shown first. */
async function applyEdit(client: LanguageClient | undefined, params: ApplyWorkspaceEditParams, next: NextApply) {
  const annotations = Object.values(params.edit.changeAnnotations ?? {});
  const remarks = annotations.map((annotation) => annotation.description ?? "").join(" ").trim();
  if (client && annotations.some((annotation) => annotation.needsConfirmation)) {
    if (!(await isWanted(client, params.edit, params.label ?? "Change", remarks))) {
      return new ResponseError(LSPErrorCodes.RequestCancelled, "The user discarded the change.");
    }
  }
  // The client checks whether the files are still what they were.
  const metadata = { isRefactoring: isRefactoring(params.edit) };
  return next({ ...params, edit: unconfirmed(params.edit), metadata }, CancellationToken.None);
}

/** What the user has set of the server's settings. */
export function settings(extension: vscode.Extension<unknown>): object {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  return serverSettings(serverKeys(extension.packageJSON), (name) => configuration.inspect(name));
}
