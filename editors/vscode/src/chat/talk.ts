/** Conversations as the chat view shows them. */
import type { Answer, Block, Said } from "../requests";
import { dollars } from "../status";
import type { Turn } from "../webview/messages";

/** A conversation of this window. `id` is the server's, empty before the first answer begins. */
export interface Talk {
  readonly id: string;
  readonly turns: readonly Turn[];
  readonly answers: readonly (Applicable | undefined)[];
}

/** What has to be known of an answer to apply a block of it. */
export type Applicable = Pick<Answer, "conversation" | "turn" | "blocks">;

export const NEW: Talk = { id: "", turns: [], answers: [] };

export function asked(talk: Talk, question: string): Talk {
  const turn: Turn = { question, markdown: "", state: "asking", blocks: [], context: [], notes: [], bill: "" };
  return { ...talk, turns: [...talk.turns, turn], answers: [...talk.answers, undefined] };
}

/** More of the last answer has come. */
export function heard(talk: Talk, id: string, text: string): Talk {
  return withLast({ ...talk, id }, (turn) => ({ ...turn, markdown: turn.markdown + text }));
}

/** The last answer as the server has it; `stopped` where it is not all that there would have been. */
export function answered(talk: Talk, answer: Answer, state: "done" | "stopped" = "done"): Talk {
  const done = withLast({ ...talk, id: answer.conversation }, (turn) => ({
    ...turn,
    markdown: answer.markdown,
    state,
    blocks: answer.blocks.map((block) => block.code),
    context: answer.context,
    notes: answer.notes,
    bill: bill(answer),
  }));
  return { ...done, answers: [...done.answers.slice(0, -1), answer] };
}

export function ended(talk: Talk, state: "stopped" | "failed", why: string): Talk {
  return withLast(talk, (turn) => ({ ...turn, state, notes: [why] }));
}

/** There is no server any more that would answer. */
export function interrupted(talk: Talk): Talk {
  if (talk.turns.at(-1)?.state !== "asking") {
    return talk;
  }
  // A conversation is saved with its first answer.
  const id = talk.answers.some(Boolean) ? talk.id : "";
  return ended({ ...talk, id }, "failed", "The language server has ended.");
}

/** The server has forgotten the conversation: what was said stays in view, and a new one begins. */
export function forgotten(talk: Talk): Talk {
  const { turns } = interrupted(talk);
  return { id: "", turns: turns.map((turn) => ({ ...turn, blocks: [] })), answers: turns.map(() => undefined) };
}

/** A conversation as the server still knows it; what it cost is in the ledger. */
export function restored(id: string, said: readonly Said[]): Talk {
  const turns = said.map(({ question, markdown, blocks, context }): Turn => {
    return { question, markdown, state: "done", blocks: blocks.map((block) => block.code), context, notes: [], bill: "" };
  });
  return { id, turns, answers: said.map((each) => ({ ...each, conversation: id })) };
}

/** Which of the server's blocks the page means; the page's own count may differ where fences are unusual. */
export function blockOf(blocks: readonly Block[], index: number, code: string): number | undefined {
  const same = (block: Block | undefined) => block?.code.trimEnd() === code.trimEnd();
  const found = same(blocks[index]) ? index : blocks.findIndex(same);
  return found < 0 ? undefined : found;
}

function bill({ model, usage, cost_usd }: Answer): string {
  const tokens = usage && `${usage.prompt} tokens in, ${usage.completion} out`;
  const cost = cost_usd === null ? "cost not known" : cost_usd === 0 ? "free" : dollars(cost_usd);
  return [model, tokens, cost].filter(Boolean).join(" · ");
}

function withLast(talk: Talk, change: (turn: Turn) => Turn): Talk {
  const last = talk.turns.at(-1);
  return last ? { ...talk, turns: [...talk.turns.slice(0, -1), change(last)] } : talk;
}
