/** What the server works at, as notifications that can be cancelled. */
import * as vscode from "vscode";
import {
  WorkDoneProgressCancelNotification,
  type LanguageClient,
  type ProgressToken,
  type WorkDoneProgressBegin,
  type WorkDoneProgressEnd,
  type WorkDoneProgressReport,
} from "vscode-languageclient/node";

/** What is done sooner is not told: VS Code leaves a notification in sight for a while after its end. */
const SHOWN_AFTER_MS = 500;

type Step = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

interface Shown {
  report: (message: string) => void;
  end: () => void;
}

/** Shows what can be cancelled where it can be; for the rest the client's own place will do. */
export class Progress {
  readonly #shown = new Map<ProgressToken, Shown>();

  constructor(private readonly client: () => LanguageClient | undefined) {}

  handle(token: ProgressToken, step: Step, next: () => void): void {
    const shown = this.#shown.get(token);
    if (step.kind === "begin" && step.cancellable) {
      this.#begin(token, step);
    } else if (!shown) {
      next();
    } else if (step.kind === "end") {
      shown.end();
    } else {
      shown.report(step.message ?? "");
    }
  }

  #begin(token: ProgressToken, begin: WorkDoneProgressBegin): void {
    let said = begin.message ?? "";
    let report = (message: string) => {
      said = message;
    };
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const waiting = setTimeout(() => {
      const options = { location: vscode.ProgressLocation.Notification, title: begin.title, cancellable: true };
      void vscode.window.withProgress(options, (progress, cancelled) => {
        cancelled.onCancellationRequested(() => {
          void this.client()?.sendNotification(WorkDoneProgressCancelNotification.type, { token });
        });
        report = (message) => progress.report({ message });
        report(said);
        return ended;
      });
    }, SHOWN_AFTER_MS);
    this.#shown.set(token, {
      report: (message) => report(message),
      end: () => {
        this.#shown.delete(token);
        clearTimeout(waiting);
        end();
      },
    });
  }

  /** The server is gone, and with it all that it worked at. */
  clear(): void {
    for (const shown of [...this.#shown.values()]) {
      shown.end();
    }
  }
}
