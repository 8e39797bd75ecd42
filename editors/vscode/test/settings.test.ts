import assert from "node:assert/strict";
import { it } from "node:test";
import manifest from "../package.json";
import { everywhere, serverKeys, serverSettings, type Lists } from "../src/settings";

const KEYS = serverKeys(manifest);

function told(set: Readonly<Record<string, Lists>>): object {
  return serverSettings(KEYS, (name) => set[name]);
}

it("tells the server nothing that was not set", () => assert.deepEqual(told({}), { completion: {} }));

it("leaves out what is the extension's own business", () => {
  assert.ok(KEYS.includes("completion.provider"));
  assert.deepEqual(KEYS.filter((name) => name.startsWith("server") || name.startsWith("disabled")), []);
});

it("tells what the user set, by section", () => {
  const set = { "completion.provider": { globalValue: "ollama" }, "privacy.local_only": { globalValue: true }, "budget.prices": { globalValue: { a: 1 } } };
  assert.deepEqual(told(set), { completion: { provider: "ollama" }, privacy: { local_only: true }, budget: { prices: { a: 1 } } });
});

it("does not listen to a workspace", () => {
  const set = Object.fromEntries(KEYS.map((key) => [key, { workspaceValue: "evil", workspaceFolderValue: "evil" }]));
  assert.ok(KEYS.length > 40);
  assert.deepEqual(told(set), { completion: {} });
});

it("takes false and 0 for what they are, and null for nothing", () => {
  const set = { "completion.enabled": { globalValue: false }, "completion.debounce_ms": { globalValue: 0 }, "budget.daily_eur": { globalValue: null } };
  assert.deepEqual(told(set), { completion: { enabled: false, debounce_ms: 0 } });
});

it("lets a workspace add to what is left alone, and take nothing away", () => {
  assert.deepEqual(everywhere({ globalValue: ["markdown"], workspaceValue: ["csv"], workspaceFolderValue: [] }), ["markdown", "csv"]);
  assert.deepEqual(everywhere({ globalValue: "markdown", workspaceValue: [1, "csv"] }), ["csv"]);
  assert.deepEqual(everywhere(undefined), []);
});
