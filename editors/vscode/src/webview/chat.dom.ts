/** The chat view's page: draws the conversation, and tells the extension what the user does. */
import { escapeHtml } from "./escape";
import { blockTitle, renderMarkdown, type Block } from "./markdown";
import type { Offered, ToExtension, ToPage, Turn } from "./messages";

/** What stays when the view is hidden, and its page with it. */
interface Draft {
  readonly question: string;
  readonly file: boolean;
  readonly open: boolean;
}

declare function acquireVsCodeApi(): {
  postMessage(message: ToExtension): void;
  getState(): Draft | undefined;
  setState(draft: Draft): void;
};

const vscode = acquireVsCodeApi();
const element = (id: string) => document.getElementById(id) as HTMLElement;

const turnsBox = element("turns");
const question = element("question") as HTMLTextAreaElement;
const fileBox = element("file") as HTMLInputElement;
const openBox = element("open") as HTMLInputElement;
const send = element("send") as HTMLButtonElement;

let turns: Turn[] = [];
let drawing = false;
/** Which of the earlier questions is shown, counted from the end; 0 for none. */
let recalled = 0;
const stale = new Set<number>();

addEventListener("message", (event: MessageEvent<ToPage>) => hear(event.data));
element("form").addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
element("stop").addEventListener("click", stop);
question.addEventListener("keydown", pressed);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && isAsking()) {
    stop();
  }
});
turnsBox.addEventListener("click", clicked);
element("form").addEventListener("input", keep);
restore(vscode.getState());
vscode.postMessage({ type: "ready" });

function hear(message: ToPage): void {
  switch (message.type) {
    case "talk":
      turns = [...message.turns];
      recalled = 0;
      turnsBox.replaceChildren();
      // They are drawn in order: one that waits from before would come first.
      stale.clear();
      turns.forEach((_, index) => stale.add(index));
      break;
    case "turn":
      turns[message.index] = message.turn;
      stale.add(message.index);
      break;
    case "text": {
      const turn = turns[message.index];
      if (turn) {
        turns[message.index] = { ...turn, markdown: turn.markdown + message.text };
        stale.add(message.index);
      }
      break;
    }
    case "offered":
      offer(message.offered);
      return;
    case "focus":
      question.focus();
      return;
  }
  draw();
}

function ask(): void {
  const text = question.value.trim();
  if (text && !isAsking()) {
    vscode.postMessage({ type: "ask", text, file: fileBox.checked && !fileBox.disabled, open: openBox.checked });
    question.value = "";
    recalled = 0;
    keep();
    // The button that was pressed goes.
    question.focus();
  }
}

function stop(): void {
  vscode.postMessage({ type: "stop" });
  question.focus();
}

function keep(): void {
  vscode.setState({ question: question.value, file: fileBox.checked, open: openBox.checked });
}

function restore(draft: Draft | undefined): void {
  if (draft) {
    question.value = draft.question;
    fileBox.checked = draft.file;
    openBox.checked = draft.open;
  }
}

function pressed(event: KeyboardEvent): void {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    ask();
  } else if (event.key === "ArrowUp" && recall(1)) {
    event.preventDefault();
  } else if (event.key === "ArrowDown" && recall(-1)) {
    event.preventDefault();
  }
}

/** Goes through earlier questions, if nothing else was written. Where one has several lines, keys move in it. */
function recall(step: 1 | -1): boolean {
  const shown = recalled ? (turns.at(-recalled)?.question ?? "") : "";
  const next = recalled + step;
  if (question.value !== shown || shown.includes("\n") || next < 0 || next > turns.length) {
    return false;
  }
  recalled = next;
  question.value = recalled ? (turns.at(-recalled)?.question ?? "") : "";
  keep();
  return true;
}

/** Draws what has changed, at most once a frame. */
function draw(): void {
  if (!drawing) {
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      const atEnd = turnsBox.scrollHeight - turnsBox.scrollTop - turnsBox.clientHeight < 40;
      stale.forEach(drawTurn);
      stale.clear();
      drawState();
      if (atEnd) {
        turnsBox.scrollTop = turnsBox.scrollHeight;
      }
    });
  }
}

function drawTurn(index: number): void {
  const turn = turns[index];
  if (!turn) {
    return;
  }
  const box = document.createElement("article");
  box.dataset["turn"] = String(index);
  box.className = turn.state;
  box.setAttribute("aria-busy", String(turn.state === "asking"));
  const context = turn.context.length ? `<p class="fine">With it went: ${turn.context.map(escapeHtml).join(", ")}</p>` : "";
  const notes = turn.notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`).join("");
  box.innerHTML = `<h2 class="question">${escapeHtml(turn.question)}</h2>${context}
<div class="markdown">${renderMarkdown(turn.markdown, (block) => caption(turn, block))}</div>${notes}
${turn.bill && `<p class="fine">${escapeHtml(turn.bill)}</p>`}`;
  const before = turnsBox.children[index];
  if (before) {
    before.className = box.className;
    before.setAttribute("aria-busy", box.getAttribute("aria-busy") ?? "");
    renew(before, box);
  } else {
    turnsBox.append(box);
  }
}

/** Puts in place what has changed. The rest keeps its focus, what is selected in it, and how far it was scrolled. */
function renew(box: Element, fresh: Element): void {
  const [before, after] = [[...box.children], [...fresh.children]];
  after.forEach((next, index) => {
    const old = before[index];
    if (!old) {
      box.append(next);
    } else if (old.className === "markdown" && next.className === "markdown") {
      renew(old, next);
    } else if (!old.isEqualNode(next)) {
      old.replaceWith(next);
    }
  });
  before.slice(after.length).forEach((old) => old.remove());
}

function caption(turn: Turn, block: Block): string {
  const name = blockTitle(block.info) || "code";
  const button = (action: string, label: string, title: string) =>
    `<button type="button" class="secondary" data-action="${action}" data-block="${block.index}" title="${title}" aria-label="${title}: ${escapeHtml(name)}">${label}</button>`;
  const apply = turn.state !== "asking" && turn.blocks.some((code) => code.trimEnd() === block.code.trimEnd());
  return `<figcaption><span>${escapeHtml(name)}</span>${button("copy", "Copy", "Copy")}${button("insert", "Insert", "Insert at the cursor")}${
    apply ? button("apply", "Apply…", "Show as a diff and apply") : ""
  }</figcaption>`;
}

function clicked(event: Event): void {
  const button = (event.target as Element).closest<HTMLButtonElement>("button[data-action]");
  const code = button?.closest("figure")?.querySelector("code")?.textContent ?? "";
  const action = button?.dataset["action"];
  if (action === "apply") {
    const turn = Number(button?.closest<HTMLElement>("article")?.dataset["turn"]);
    vscode.postMessage({ type: "apply", turn, block: Number(button?.dataset["block"]), code });
  } else if (action === "copy" || action === "insert") {
    vscode.postMessage({ type: action, code });
    say(action === "copy" ? "Copied." : "");
  }
}

function drawState(): void {
  const asking = isAsking();
  element("empty").hidden = turns.length > 0;
  element("stop").hidden = !asking;
  send.disabled = asking;
  const last = turns.at(-1);
  say(asking ? "Answering…" : last?.state === "failed" ? "No answer." : last?.state === "stopped" ? "Stopped." : "");
}

function offer(offered: Offered | null): void {
  const parts = offered && [offered.file, offered.selection, problems(offered.problems)];
  element("fileName").textContent = parts?.filter(Boolean).join(", ") ?? "no file";
  fileBox.disabled = offered === null;
}

function problems(count: number): string {
  return count === 0 ? "" : count === 1 ? "1 problem" : `${count} problems`;
}

function isAsking(): boolean {
  return turns.at(-1)?.state === "asking";
}

function say(text: string): void {
  element("state").textContent = text;
}
