import assert from "node:assert/strict";
import { it } from "node:test";
import { answered, asked, blockOf, ended, forgotten, heard, interrupted, NEW, restored } from "../src/chat/talk";
import type { Answer } from "../src/requests";

const BLOCK = { path: "cart.py", language: "python", code: "def total():\n    return 0" };
const ANSWER: Answer = {
  conversation: "c",
  turn: "t",
  markdown: "Because.\n",
  blocks: [BLOCK],
  context: ["cart.py 5"],
  notes: ["The answer was cut off."],
  model: "codestral-latest",
  usage: { prompt: 120, completion: 8 },
  cost_usd: 0.00123,
};

it("shows an answer as it comes, and then as it is", () => {
  const begun = heard(heard(asked(NEW, "Why?\nTell me."), "c", "Bec"), "c", "ause");
  assert.equal(begun.id, "c");
  assert.deepEqual(begun.turns.map(({ markdown, state }) => [markdown, state]), [["Because", "asking"]]);
  const done = answered(begun, ANSWER);
  assert.deepEqual(done.turns[0], {
    question: "Why?\nTell me.",
    markdown: "Because.\n",
    state: "done",
    blocks: [BLOCK.code],
    context: ["cart.py 5"],
    notes: ["The answer was cut off."],
    bill: "codestral-latest · 120 tokens in, 8 out · $0.0012",
  });
  assert.equal(done.answers[0], ANSWER);
});

it("keeps what had come when it is stopped", () => {
  const { id, turns } = ended(heard(asked(NEW, "Why?"), "c", "Bec"), "stopped", "Stopped.");
  assert.equal(id, "c");
  assert.deepEqual(turns.map(({ markdown, state, notes }) => [markdown, state, notes]), [["Bec", "stopped", ["Stopped."]]]);
});

it("tells of an answer that was stopped what went along and what it cost", () => {
  const { turns, answers } = answered(heard(asked(NEW, "Why?"), "c", "Bec"), { ...ANSWER, markdown: "Bec" }, "stopped");
  assert.deepEqual(turns.map(({ markdown, state, context }) => [markdown, state, context]), [["Bec", "stopped", ["cart.py 5"]]]);
  assert.match(turns[0]?.bill ?? "", /\$0\.0012$/);
  assert.equal(answers[0]?.turn, "t");
});

it("goes on in the same conversation", () => {
  const twice = answered(asked(answered(asked(NEW, "One?"), ANSWER), "Two?"), { ...ANSWER, turn: "u" });
  assert.deepEqual(twice.turns.map((turn) => turn.question), ["One?", "Two?"]);
  assert.deepEqual(twice.answers.map((answer) => answer?.turn), ["t", "u"]);
});

it("shows what the server still knows of a conversation", () => {
  const said = { turn: "t", question: "Why?", markdown: "Because.", blocks: [BLOCK], context: ["cart.py 5"] };
  const { id, turns, answers } = restored("c", [said]);
  assert.equal(id, "c");
  assert.deepEqual(turns.map(({ question, state, blocks }) => [question, state, blocks]), [["Why?", "done", [BLOCK.code]]]);
  assert.deepEqual(answers.map((answer) => [answer?.conversation, answer?.turn]), [["c", "t"]]);
});

it("begins anew where the server has forgotten it", () => {
  const { id, turns, answers } = forgotten(answered(asked(NEW, "Why?"), ANSWER));
  assert.deepEqual([id, answers], ["", [undefined]]);
  assert.deepEqual(turns.map(({ markdown, blocks }) => [markdown, blocks]), [["Because.\n", []]]);
  assert.deepEqual(forgotten(asked(NEW, "Why?")).turns.map(({ state }) => state), ["failed"]);
});

it("ends an answer with its server, and leaves the others", () => {
  const both = asked(answered(asked(NEW, "One?"), ANSWER), "Two?");
  assert.deepEqual(interrupted(both).turns.map(({ state }) => state), ["done", "failed"]);
  assert.equal(interrupted(both).id, "c");
  assert.equal(interrupted(heard(asked(NEW, "One?"), "c", "Bec")).id, "");
});

it("says what is free and what nobody knows", () => {
  const bill = (cost_usd: number | null) => answered(asked(NEW, "?"), { ...ANSWER, usage: null, cost_usd }).turns[0]?.bill;
  assert.equal(bill(0), "codestral-latest · free");
  assert.equal(bill(null), "codestral-latest · cost not known");
});

it("finds the block that is meant, where fences are counted otherwise, too", () => {
  const other = { ...BLOCK, code: "x" };
  assert.equal(blockOf([BLOCK, BLOCK], 1, BLOCK.code), 1);
  assert.equal(blockOf([other, BLOCK], 0, `${BLOCK.code}\n`), 1);
  assert.equal(blockOf([other], 0, BLOCK.code), undefined);
});
