import assert from "node:assert/strict";
import { it } from "node:test";
import type { ExtensionContext, LogOutputChannel, SecretStorage } from "vscode";
import { editor } from "./editor";
import { Keys } from "../src/keys";
import { explain, refactor } from "../src/refactor";
import { Session } from "../src/session";

const told: string[] = [];
const window = { activeTextEditor: {}, showInformationMessage: (message: string) => told.push(message) };

editor["window"] = window;
editor["EventEmitter"] = class {
  readonly event = () => undefined;
  readonly fire = () => undefined;
};

const session = new Session({} as ExtensionContext, new Keys({} as SecretStorage), {} as LogOutputChannel);

it("does not call paused what does not run", () => {
  session.togglePause();
  assert.equal(session.shown.state, "paused");
  session.status = { state: "stopped", message: "It was not found.", model: "" };
  assert.equal(session.shown.state, "stopped");
});

for (const command of [refactor, explain]) {
  it(`says what is missing to ${command.name}: the server, or a file`, async () => {
    told.length = 0;
    session.status = { state: "stopped", message: "It was not found.", model: "" };
    await command(session);
    session.status = { state: "starting", message: "", model: "" };
    await command(session);
    editor["window"] = { ...window, activeTextEditor: undefined };
    await command(session);
    editor["window"] = window;
    assert.deepEqual(told.slice(0, 2), ["It was not found.", "The language server is still starting."]);
    assert.match(told[2] ?? "", /^Open a file first/);
  });
}
