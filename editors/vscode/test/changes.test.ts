import assert from "node:assert/strict";
import { it } from "node:test";
import type { WorkspaceEdit } from "vscode-languageserver-protocol";
import { changesOf, unconfirmed } from "../src/changes";

const at = (line: number, start: number, end: number) => ({ start: { line, character: start }, end: { line, character: end } });
const EDIT: WorkspaceEdit = {
  changeAnnotations: { codestral: { label: "Simplify", needsConfirmation: true } },
  documentChanges: [
    { textDocument: { uri: "file:///a", version: 3 }, edits: [{ range: at(0, 0, 1), newText: "A" }, { range: at(1, 3, 3), newText: "!" }] },
    { kind: "create", uri: "file:///b" },
    { textDocument: { uri: "file:///b", version: null }, edits: [{ range: at(0, 0, 0), newText: "new\n" }] },
  ],
};

it("tells each file before and after", async () => {
  assert.deepEqual(await changesOf(EDIT, (uri) => Promise.resolve(uri === "file:///a" ? "a\n🎈b\n" : assert.fail(uri))), [
    { uri: "file:///a", before: "a\n🎈b\n", after: "A\n🎈b!\n" },
    { uri: "file:///b", before: undefined, after: "new\n" },
  ]);
});

it("asks nobody a second time", () => {
  const agreed = unconfirmed(EDIT);
  assert.deepEqual(agreed.changeAnnotations, { codestral: { label: "Simplify", needsConfirmation: false } });
  assert.equal(agreed.documentChanges, EDIT.documentChanges);
  assert.equal(EDIT.changeAnnotations?.["codestral"]?.needsConfirmation, true);
});
