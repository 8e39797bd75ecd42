/** The chat view in the side bar. */
import * as vscode from "vscode";
import { CancellationTokenSource, ProgressType, type LanguageClient } from "vscode-languageclient/node";
import { complain, messageOf } from "../complain";
import { page } from "../page";
import { said, type Answer } from "../requests";
import type { Session } from "../session";
import type { ToExtension, ToPage } from "../webview/messages";
import { applyBlock } from "./apply";
import { contextOf, editorInUse, offered } from "./context";
import { pickConversation } from "./history";
import { answered, asked, ended, forgotten, heard, interrupted, NEW, restored, type Talk } from "./talk";

export const VIEW = "codestral.chatView";

/** More of an answer, or all about one that was stopped. */
const PIECE = new ProgressType<{ conversation: string; text: string; stopped?: Answer }>();

/** What an answer's end makes of the conversation. */
type Ending = (talk: Talk) => Talk;

export class ChatView implements vscode.WebviewViewProvider {
  #talk: Talk = NEW;
  #view: vscode.WebviewView | undefined;
  #asking: CancellationTokenSource | undefined;
  #count = 0;
  #focusing = false;

  constructor(
    private readonly session: Session,
    private readonly resources: vscode.Uri,
  ) {
    // Also while the view is out of sight, when it has no page.
    session.onLost(() => this.#forget());
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    view.webview.options = { enableScripts: true, localResourceRoots: [this.resources] };
    view.webview.onDidReceiveMessage((message: ToExtension) => this.#hear(message));
    view.webview.html = page(view.webview, this.resources, "Codestral Chat", BODY, "chat.js");
    const listening = vscode.Disposable.from(
      vscode.window.onDidChangeActiveTextEditor(() => this.#offer()),
      vscode.window.onDidChangeTextEditorSelection(() => this.#offer()),
    );
    view.onDidDispose(() => {
      listening.dispose();
      this.#view = undefined;
    });
  }

  /** Begin another conversation; the server keeps this one. */
  startNew(): void {
    this.stop();
    this.#show(NEW);
  }

  stop(): void {
    this.#asking?.cancel();
  }

  /** Let the user pick a conversation to go on with. */
  async showHistory(): Promise<void> {
    const chosen = await pickConversation(this.session, (deleted) => deleted === this.#talk.id && this.startNew());
    if (chosen !== undefined) {
      await this.#open(chosen).catch((error: unknown) => complain(error));
    }
  }

  /** Put the focus into the question; what the user has begun to write there stays. */
  async focus(): Promise<void> {
    // Out of sight it has no page yet to be told.
    this.#focusing = !this.#view?.visible;
    await vscode.commands.executeCommand(`${VIEW}.focus`);
    this.#post({ type: "focus" });
  }

  async #open(conversation: string): Promise<void> {
    const talk = restored(conversation, await said(this.session, conversation));
    // Something may have been asked meanwhile.
    this.stop();
    this.#show(talk);
    await this.focus();
  }

  async #hear(message: ToExtension): Promise<void> {
    switch (message.type) {
      case "ready":
        this.#post({ type: "talk", turns: this.#talk.turns });
        this.#offer();
        if (this.#focusing) {
          this.#focusing = false;
          this.#post({ type: "focus" });
        }
        break;
      case "ask":
        await this.#ask(message.text, message.file, message.open);
        break;
      case "stop":
        this.stop();
        break;
      case "copy":
        await vscode.env.clipboard.writeText(message.code);
        break;
      case "insert":
        await insert(message.code);
        break;
      case "apply":
        await applyBlock(this.session.client, this.#talk.answers[message.turn], message.block, message.code);
        break;
    }
  }

  async #ask(text: string, file: boolean, open: boolean): Promise<void> {
    const { client } = this.session;
    if (this.#asking || !text.trim()) {
      return;
    }
    this.#update(asked(this.#talk, text));
    if (!client) {
      this.#update(ended(this.#talk, "failed", this.session.missing));
      return;
    }
    const asking = new CancellationTokenSource();
    this.#asking = asking;
    const end = await this.#request(client, text, file, open, asking);
    // Another conversation may have come into view.
    if (this.#asking === asking) {
      this.#asking = undefined;
      this.#update(end(this.#talk));
    }
    this.session.refresh();
  }

  async #request(client: LanguageClient, message: string, file: boolean, open: boolean, cancel: CancellationTokenSource): Promise<Ending> {
    const token = `codestral-chat-${++this.#count}`;
    const talking = this.#talk.turns.length;
    let stopped: Answer | undefined;
    const listening = client.onProgress(PIECE, token, ({ conversation, text, stopped: answer }) => {
      stopped = answer;
      if (text && this.#asking === cancel && !cancel.token.isCancellationRequested) {
        this.#talk = heard(this.#talk, conversation, text);
        this.#post({ type: "text", index: talking - 1, text });
      }
    });
    try {
      const context = await contextOf(client, file, open);
      const question = { message, conversation: this.#talk.id, context, partialResultToken: token, workDoneToken: `${token}-work` };
      const answer = await client.sendRequest<Answer>("codestral/chat", question, cancel.token);
      return (talk) => answered(talk, answer);
    } catch (error) {
      const answer = stopped;
      if (answer) {
        return (talk) => answered(talk, answer, "stopped");
      }
      return (talk) => (cancel.token.isCancellationRequested ? ended(talk, "stopped", "Stopped.") : ended(talk, "failed", messageOf(error)));
    } finally {
      listening.dispose();
    }
  }

  /** The conversation in view has changed. */
  #update(talk: Talk): void {
    this.#talk = talk;
    const index = talk.turns.length - 1;
    const turn = talk.turns[index];
    if (turn) {
      this.#post({ type: "turn", index, turn });
    }
  }

  /** Another conversation comes into view. */
  #show(talk: Talk): void {
    this.#asking = undefined;
    this.#talk = talk;
    this.#post({ type: "talk", turns: talk.turns });
  }

  /** The next server knows no conversation that was not saved. */
  #forget(): void {
    const saves = vscode.workspace.getConfiguration("codestral").inspect<boolean>("chat.save")?.globalValue;
    this.#show(saves ? interrupted(this.#talk) : forgotten(this.#talk));
  }

  #offer(): void {
    this.#post({ type: "offered", offered: offered() });
  }

  #post(message: ToPage): void {
    void this.#view?.webview.postMessage(message);
  }
}

async function insert(code: string): Promise<void> {
  const editor = editorInUse();
  if (!editor) {
    void vscode.window.showInformationMessage("Open a file first: the code is inserted at its cursor.");
    return;
  }
  await editor.edit((edit) => edit.replace(editor.selection, code));
  await vscode.window.showTextDocument(editor.document, editor.viewColumn);
}

const BODY = `
<main id="chat">
<h1 class="unseen">Codestral Chat</h1>
<div id="turns" role="log" aria-label="Conversation" tabindex="0"></div>
<p id="empty">Ask about the code that you look at.<br>What goes along is shown below, and what it cost with each answer.</p>
<form id="form">
  <div id="context" role="group" aria-label="What goes along with the question">
    <label><input type="checkbox" id="file" checked> <span id="fileName">no file</span></label>
    <label><input type="checkbox" id="open"> other open files</label>
  </div>
  <textarea id="question" rows="3" aria-label="Question" placeholder="Ask Codestral (Enter sends, Shift+Enter is a new line)"></textarea>
  <div id="buttons">
    <span id="state" role="status"></span>
    <button type="button" id="stop" class="secondary" hidden>Stop <kbd>Esc</kbd></button>
    <button type="submit" id="send">Send</button>
  </div>
</form>
</main>`;
