import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { install } from "../src/server/install";

it("says what a Python lacks that can make no virtual environment", async () => {
  const run = (_: string, [, code]: readonly string[]) => (code?.includes("ensurepip") ? Promise.reject(new Error("No module")) : Promise.resolve());
  const done = install(join(tmpdir(), "codestral-never"), "x.whl", () => undefined, new AbortController().signal, run);
  await assert.rejects(done, /python3-venv/);
});
