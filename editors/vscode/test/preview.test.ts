import assert from "node:assert/strict";
import { it } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { LanguageClient, WorkspaceEdit } from "vscode-languageclient/node";
import { editor } from "./editor";
import { decidePreview, isWanted } from "../src/preview";

const ran: unknown[][] = [];
const offers: string[] = [];
const opening: (() => void)[] = [];

editor["commands"] = {
  executeCommand: (...call: unknown[]) => {
    ran.push(call);
    return call[0] === "vscode.diff" ? new Promise<void>((resolve) => opening.push(resolve)) : Promise.resolve();
  },
};
editor["window"] = {
  tabGroups: { all: [], close: () => Promise.resolve(true) },
  showInformationMessage: (message: string) => {
    offers.push(message);
    return Promise.resolve(undefined);
  },
};
editor["workspace"] = { asRelativePath: String, openTextDocument: () => Promise.resolve({ getText: () => "a" }) };

const address = (text: string) => ({ toString: () => text, with: (parts: { query: string }) => address(`${text}?${parts.query}`) });
const client = { protocol2CodeConverter: { asUri: address } } as unknown as LanguageClient;
const start = { line: 0, character: 0 };
const EDIT: WorkspaceEdit = { documentChanges: [{ textDocument: { uri: "file:///a", version: 1 }, edits: [{ range: { start, end: start }, newText: "b" }] }] };

it("considers the newer of two changes, also where the older one is still being opened", async () => {
  const older = isWanted(client, EDIT, "Older", "");
  const newer = isWanted(client, EDIT, "Newer", "");
  await setImmediate();
  opening.forEach((open) => open());
  assert.equal(await older, false);
  await setImmediate();
  assert.deepEqual(offers.map((offer) => offer.split(".")[0]), ["Newer"]);
  assert.deepEqual(ran.filter(([command]) => command === "setContext").map((call) => call[2]), [true, true]);
  decidePreview(true);
  assert.equal(await newer, true);
  assert.deepEqual(ran.filter(([command]) => command === "setContext").at(-1)?.[2], false);
});
