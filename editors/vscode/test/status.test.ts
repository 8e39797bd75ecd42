import assert from "node:assert/strict";
import { it } from "node:test";
import { dollars, statusLines, statusText, type Status } from "../src/status";

const READY: Status = { state: "ready", message: "", model: "codestral-latest at codestral.mistral.ai", place: "cloud", host: "codestral.mistral.ai" };

it("is short in the status bar", () => {
  assert.equal(statusText(READY, 0), "$(sparkle) codestral-latest · cloud");
  assert.equal(statusText({ state: "starting", message: "", model: "" }, undefined), "$(loading~spin) Codestral");
  assert.equal(statusText({ ...READY, state: "paused", place: "local" }, undefined), "$(debug-pause) codestral-latest · local");
  assert.equal(statusText({ ...READY, place: "eu" }, 0.0042), "$(sparkle) codestral-latest · EU · < $0.01");
  assert.equal(statusText(READY, 1.234), "$(sparkle) codestral-latest · cloud · $1.23");
});

it("tells all in the tooltip", () => {
  assert.deepEqual(statusLines(READY, 0.0123), [
    "Codestral: Ready",
    "codestral-latest at codestral.mistral.ai",
    "Code goes to another machine (codestral.mistral.ai).",
    "Today: $0.0123",
  ]);
  assert.deepEqual(statusLines({ state: "error", message: "There is no key.", model: "" }, undefined), ["Codestral: No suggestions", "There is no key."]);
});

for (const [amount, text] of [[0, "$0"], [0.00001, "< $0.0001"], [0.0042, "$0.0042"], [12.345, "$12.35"]] as const) {
  it(`writes ${amount} dollars as ${text}`, () => assert.equal(dollars(amount), text));
}
