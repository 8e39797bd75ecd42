/** The server's own commands, in a terminal. */
import { spawn, type ChildProcess } from "node:child_process";
import { homedir } from "node:os";
import * as vscode from "vscode";
import type { Keys } from "./keys";
import type { Session } from "./session";

/** Runs `codestral-ls COMMAND`. VS Code's own terminals would keep the keys in the environment that they store. */
export async function runInTerminal(session: Session, keys: Keys, ...command: string[]): Promise<void> {
  if (session.command === undefined) {
    void vscode.window.showErrorMessage(session.missing);
    return;
  }
  const folders = vscode.workspace.isTrusted ? vscode.workspace.workspaceFolders : undefined;
  const folder = folders?.find(({ uri }) => uri.scheme === "file")?.uri.fsPath;
  const environment = { ...process.env, ...(await keys.environment()), FORCE_COLOR: "1" };
  const program = session.command;
  const pty = new Pty(() => spawn(program, command, { cwd: folder ?? homedir(), env: environment }));
  vscode.window.createTerminal({ name: `Codestral: ${command[0] ?? ""}`, pty }).show();
}

/** Shows what a process writes, and ends it with the terminal. */
class Pty implements vscode.Pseudoterminal {
  readonly #written = new vscode.EventEmitter<string>();
  readonly onDidWrite = this.#written.event;
  #process: ChildProcess | undefined;

  constructor(private readonly start: () => ChildProcess) {}

  open(): void {
    this.#process = this.start();
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => this.#written.fire(text.replace(/\r?\n/g, "\r\n")));
    }
    this.#process.on("error", (error) => this.#written.fire(`${error.message}\r\n`));
  }

  close(): void {
    this.#process?.kill();
    this.#written.dispose();
  }
}
