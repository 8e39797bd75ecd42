import assert from "node:assert/strict";
import { it } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { Uri, WebviewView } from "vscode";
import { editor } from "./editor";
import { ChatView } from "../src/chat/view";
import type { Session } from "../src/session";
import type { ToExtension, ToPage } from "../src/webview/messages";

const nothing = { dispose: () => undefined };
const SAID = [{ turn: "t", question: "Older?", markdown: "Yes.", blocks: [], context: [] }];

editor["workspace"] = { getConfiguration: () => ({ inspect: () => ({ globalValue: false }) }) };
editor["window"] = { visibleTextEditors: [], onDidChangeActiveTextEditor: () => nothing, onDidChangeTextEditorSelection: () => nothing };
editor["Disposable"] = { from: (...all: { dispose: () => unknown }[]) => ({ dispose: () => all.forEach((each) => each.dispose()) }) };
editor["Uri"] = { joinPath: String };
editor["commands"] = { executeCommand: () => Promise.resolve() };

/** A chat in a window, and what a test does with it. `asked` are the questions that the server has got. */
function chat(show: () => Promise<unknown> = () => Promise.resolve(SAID)) {
  const posted: ToPage[] = [];
  const asked: { conversation: string; cancelled: () => boolean; answer: (answer: object) => void }[] = [];
  let lose: () => void = () => undefined;
  let hear: (message: ToExtension) => unknown = () => undefined;
  let close: () => void = () => undefined;
  const client = {
    onProgress: () => nothing,
    sendRequest: (method: string, params: { conversation: string }, token: { isCancellationRequested: boolean }) =>
      method === "codestral/chat/list"
        ? Promise.resolve([{ conversation: "older", title: "Older", turns: 1 }])
        : method === "codestral/chat/show"
          ? show()
          : new Promise((answer) => asked.push({ conversation: params.conversation, cancelled: () => token.isCancellationRequested, answer })),
  };
  const onLost = (listener: () => void) => {
    lose = listener;
    return { dispose: () => (lose = () => undefined) };
  };
  const session = { client, onLost, refresh: () => undefined } as unknown as Session;
  const view = new ChatView(session, "dist" as unknown as Uri);
  const open = () =>
    view.resolveWebviewView({
      webview: {
        asWebviewUri: String,
        postMessage: (message: ToPage) => posted.push(message),
        onDidReceiveMessage: (listener: typeof hear) => (hear = listener),
      },
      onDidDispose: (listener: () => void) => (close = listener),
    } as unknown as WebviewView);
  open();
  const ask = () => void hear({ type: "ask", text: "Why?", file: false, open: false });
  return { view, posted, asked, ask, open, close: () => close(), lose: () => lose() };
}

const ANSWER = { conversation: "c", turn: "t", markdown: "So.", blocks: [], context: [], notes: [], model: "m", usage: null, cost_usd: 0 };

it("forgets with its server, also while the view is closed", async () => {
  const { asked, ask, close, lose, open } = chat();
  ask();
  await setImmediate();
  asked[0]?.answer(ANSWER);
  await setImmediate();
  close();
  lose();
  open();
  ask();
  await setImmediate();
  assert.deepEqual(asked.map((each) => each.conversation), ["", ""]);
});

/** The list of conversations, in which the first is picked. */
editor["window"] = {
  ...(editor["window"] as object),
  createQuickPick: () => {
    const list = { items: [], selectedItems: [{ conversation: "older" }], show: () => undefined, onDidTriggerItemButton: () => nothing, onDidHide: () => nothing, ...nothing };
    return { ...list, onDidAccept: (listener: () => void) => listener() };
  },
};

it("stops what is asked while an older conversation comes", async () => {
  let come: (said: unknown) => void = () => undefined;
  const { view, asked, ask, posted } = chat(() => new Promise((resolve) => (come = resolve)));
  const shown = view.showHistory();
  await setImmediate();
  ask();
  await setImmediate();
  come(SAID);
  await shown;
  assert.equal(asked[0]?.cancelled(), true);
  assert.deepEqual(posted.flatMap((each) => (each.type === "talk" ? [each.turns.map((turn) => turn.question)] : [])).at(-1), ["Older?"]);
});

it("tells that a conversation cannot be shown, and goes on with what it has", async () => {
  const errors: string[] = [];
  editor["window"] = { ...(editor["window"] as object), showErrorMessage: (message: string) => Promise.resolve(void errors.push(message)) };
  editor["CancellationError"] = class extends Error {};
  const { view, asked, ask } = chat(() => Promise.reject(new Error("It is gone.")));
  ask();
  await setImmediate();
  await view.showHistory();
  assert.deepEqual(errors, ["Codestral: It is gone."]);
  assert.equal(asked[0]?.cancelled(), false);
});
