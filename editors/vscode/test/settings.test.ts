import assert from "node:assert/strict";
import { it } from "node:test";
import manifest from "../package.json";
import { serverKeys, serverSettings, type Inspected } from "../src/settings";

const KEYS = serverKeys(manifest);

function told(set: Readonly<Record<string, Inspected>>): object {
  return serverSettings(KEYS, (name) => set[name]);
}

it("tells the server nothing that was not set", () => assert.deepEqual(told({}), { completion: {} }));

it("leaves out what is the extension's own business", () => {
  const names = KEYS.map((key) => key.name);
  assert.ok(names.includes("completion.provider"));
  assert.deepEqual(names.filter((name) => name.startsWith("server") || name.startsWith("disabled")), []);
});

it("tells what the user set, by section", () => {
  const set = { "completion.provider": { globalValue: "ollama" }, "privacy.local_only": { globalValue: true }, "budget.prices": { globalValue: { a: 1 } } };
  assert.deepEqual(told(set), { completion: { provider: "ollama" }, privacy: { local_only: true }, budget: { prices: { a: 1 } } });
});

it("does not let a workspace say where code goes", () => {
  const set = Object.fromEntries(KEYS.filter((key) => key.scope === "machine").map((key) => [key.name, { workspaceValue: "evil" }]));
  assert.ok(Object.keys(set).length > 20);
  assert.deepEqual(told(set), { completion: {} });
});

it("lets a workspace say what is a matter of taste", () => {
  assert.deepEqual(told({ "completion.multiline": { globalValue: "auto", workspaceValue: "never" } }), { completion: { multiline: "never" } });
});

it("takes false and 0 for what they are, and null for nothing", () => {
  const set = { "completion.enabled": { globalValue: false }, "completion.debounce_ms": { globalValue: 0 }, "budget.daily_eur": { globalValue: null } };
  assert.deepEqual(told(set), { completion: { enabled: false, debounce_ms: 0 } });
});
