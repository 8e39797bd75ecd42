/** What the chat view and the extension say to each other. */

/** A question with its answer, as far as it has come. */
export interface Turn {
  readonly question: string;
  readonly markdown: string;
  readonly state: "asking" | "done" | "stopped" | "failed";
  /** Under which of the answer's blocks the server knows each block of `markdown` that can be applied. */
  readonly blocks: readonly string[];
  /** What went along with the question. */
  readonly context: readonly string[];
  /** What there is to say of the answer: why it ended, which files were kept back. */
  readonly notes: readonly string[];
  /** The model, the tokens and the cost, for people. */
  readonly bill: string;
}

/** What would go along with a question that is asked now. */
export interface Offered {
  readonly file: string;
  readonly selection: string;
  readonly problems: number;
}

export type ToPage =
  | { readonly type: "talk"; readonly turns: readonly Turn[] }
  | { readonly type: "turn"; readonly index: number; readonly turn: Turn }
  | { readonly type: "text"; readonly index: number; readonly text: string }
  | { readonly type: "offered"; readonly offered: Offered | null }
  | { readonly type: "focus" };

export type ToExtension =
  | { readonly type: "ready" }
  | { readonly type: "ask"; readonly text: string; readonly file: boolean; readonly open: boolean }
  | { readonly type: "stop" }
  | { readonly type: "copy" | "insert"; readonly code: string }
  | { readonly type: "apply"; readonly turn: number; readonly block: number; readonly code: string };
