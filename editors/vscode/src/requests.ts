/** What this server answers beside the protocol's own requests. */
import type { LanguageClient } from "vscode-languageclient/node";

/** Where a question is about, and what goes along with it. */
export interface ChatContext {
  readonly uri?: string;
  readonly range?: object;
  readonly diagnostics?: readonly object[];
  readonly open?: boolean;
}

export interface Block {
  readonly path: string;
  readonly language: string;
  readonly code: string;
}

export interface Answer {
  readonly conversation: string;
  readonly turn: string;
  readonly markdown: string;
  readonly blocks: readonly Block[];
  readonly context: readonly string[];
  readonly notes: readonly string[];
  readonly model: string;
  readonly usage: { readonly prompt: number; readonly completion: number } | null;
  readonly cost_usd: number | null;
}

/** What is still known of a question and its answer. */
export interface Said extends Pick<Answer, "turn" | "markdown" | "blocks" | "context"> {
  readonly question: string;
}

/** A conversation that can be gone on with. */
export interface Summary {
  readonly conversation: string;
  readonly title: string;
  readonly turns: number;
}

export interface Model {
  readonly provider: string;
  readonly says: string;
  readonly works: boolean;
}

interface HasClient {
  readonly client: LanguageClient | undefined;
}

/** Dollars spent today; undefined where the server cannot say, as when it is just being replaced. */
export async function spentToday({ client }: HasClient): Promise<number | undefined> {
  try {
    return (await client?.sendRequest<{ today_usd: number }>("codestral/usage"))?.today_usd;
  } catch {
    return undefined;
  }
}

/** Conversations of this server, and those that were saved, the newest first. */
export async function conversations({ client }: HasClient): Promise<readonly Summary[]> {
  return (await client?.sendRequest<Summary[]>("codestral/chat/list")) ?? [];
}

/** What was said in one. */
export async function said({ client }: HasClient, conversation: string): Promise<readonly Said[]> {
  return (await client?.sendRequest<Said[]>("codestral/chat/show", { conversation })) ?? [];
}

/** Forgets one, on disk as well. */
export async function endConversation({ client }: HasClient, conversation: string): Promise<void> {
  await client?.sendRequest("codestral/chat/end", { conversation });
}

/** What there is to complete code with, the best first. */
export async function models({ client }: HasClient): Promise<readonly Model[]> {
  return (await client?.sendRequest<Model[]>("codestral/models")) ?? [];
}
