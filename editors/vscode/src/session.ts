/** The server as the user has it: found or installed, started, restarted, and told of in the status bar. */
import * as vscode from "vscode";
import { State } from "vscode-languageclient/node";
import { createClient, type Client } from "./client";
import { messageOf } from "./complain";
import { showExplanation } from "./explanation";
import type { Keys } from "./keys";
import { whyDisabled } from "./languages";
import { locate, offerInstall } from "./locate";
import { Progress } from "./progress";
import { Backoff } from "./server/restart";
import type { Status } from "./status";

const STARTING: Status = { state: "starting", message: "", model: "" };
const GIVEN_UP = "The language server keeps crashing, so it is not started again.";
const LONGEST_WORDS = 200;

export class Session implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<Status>();
  readonly onStatus = this.#changed.event;
  readonly #lost = new vscode.EventEmitter<void>();
  /** The server is gone; the next one knows nothing of what was said to it. */
  readonly onLost = this.#lost.event;
  readonly progress = new Progress(() => this.client);
  readonly #backoff = new Backoff(() => Date.now());
  readonly #log: vscode.LogOutputChannel;
  client: Client | undefined;
  command: string | undefined;
  status: Status = STARTING;
  #lastWords = "";
  #paused = false;
  #starting: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly keys: Keys,
    log: vscode.LogOutputChannel,
  ) {
    this.#log = log;
  }

  /** Start, or start again with another program or other keys. One after the other. */
  start(): Promise<void> {
    this.#backoff.reset();
    this.#lastWords = "";
    if (this.client?.state === State.Starting) {
      // It may never answer, and the next one would wait for it.
      this.client.serverProcess?.kill();
    }
    return this.#enqueue(() => this.#replace());
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  /** Suggest nothing in this window, or go on. */
  togglePause(): void {
    this.#paused = !this.#paused;
    this.refresh();
  }

  /** What the status bar shows: of the server, unless it runs and the user has turned suggestions off here. */
  get shown(): Status {
    if (this.status.state === "stopped") {
      return this.status;
    }
    if (this.#paused) {
      return { ...this.status, state: "paused" };
    }
    const why = whyDisabled(vscode.window.activeTextEditor?.document);
    return why ? { ...this.status, state: "off", message: why } : this.status;
  }

  /** Why there is no server to ask. */
  get missing(): string {
    return this.status.message || "The language server is still starting.";
  }

  /** What is shown may have changed, or what was spent. */
  refresh(): void {
    this.#changed.fire(this.shown);
  }

  async dispose(): Promise<void> {
    clearTimeout(this.#retry);
    await this.#starting;
    await this.#stop();
    this.#changed.dispose();
    this.#lost.dispose();
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#starting = this.#starting.then(work).catch((error: unknown) => this.#fail(messageOf(error)));
    return this.#starting;
  }

  async #replace(): Promise<void> {
    clearTimeout(this.#retry);
    await this.#stop();
    this.#tell(STARTING);
    const found = await locate(this.context, this.#log);
    if ("message" in found) {
      this.#tell({ state: "stopped", message: found.message, model: "" });
      void offerInstall(this.context, found.message, () => this.start());
      return;
    }
    this.command = found.path;
    const client: Client = createClient({
      command: found.path,
      environment: await this.keys.environment(),
      extension: this.context.extension,
      log: this.#log,
      progress: this.progress,
      onClosed: () => this.#crashed(client),
      onError: (line) => (this.#lastWords = line),
      onAnswered: () => this.refresh(),
      isPaused: () => this.#paused,
      client: () => this.client,
    });
    this.client = client;
    client.onNotification("codestral/status", (status: Status) => this.#tell(status));
    client.onNotification("codestral/explanation", showExplanation);
    await client.start().catch((error: unknown) => {
      this.#log.error(messageOf(error));
      this.#crashed(client);
    });
  }

  /** A server has ended, or did not even begin. This may be told twice of one. */
  #crashed(client: Client): void {
    if (this.client !== client) {
      return;
    }
    this.client = undefined;
    this.#lost.fire();
    this.progress.clear();
    const delay = this.#backoff.next();
    if (delay === undefined) {
      this.#fail(this.#lastWords ? `${GIVEN_UP} Its last words: ${this.#lastWords.slice(0, LONGEST_WORDS)}` : GIVEN_UP);
      return;
    }
    this.#tell(STARTING);
    // Somebody may start it meanwhile.
    this.#retry = setTimeout(() => void this.#enqueue(() => (this.client ? Promise.resolve() : this.#replace())), delay);
  }

  async #stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.#lost.fire();
    this.progress.clear();
    // A client that is still starting, or has crashed, cannot be stopped and need not be.
    await client?.dispose().catch(() => undefined);
  }

  #fail(message: string): void {
    this.#tell({ state: "stopped", message, model: "" });
    void vscode.window.showErrorMessage(message, "Show Log", "Restart").then((choice) => {
      if (choice === "Restart") {
        void this.start();
      } else if (choice) {
        this.#log.show();
      }
    });
  }

  #tell(status: Status): void {
    this.status = status;
    this.refresh();
  }
}
