import assert from "node:assert/strict";
import { it } from "node:test";
import { Backoff } from "../src/server/restart";

function delays(crashes: readonly number[]): (number | undefined)[] {
  let now = 0;
  const backoff = new Backoff(() => now);
  return crashes.map((time) => {
    now = time;
    return backoff.next();
  });
}

it("waits longer after each crash, and gives up at last", () => {
  const [first, second, third, fourth, fifth] = delays([0, 1, 2, 3, 4]);
  assert.equal(first, 0);
  assert.ok(second !== undefined && third !== undefined && fourth !== undefined);
  assert.ok(0 < second && second < third && third < fourth);
  assert.equal(fifth, undefined);
});

it("forgets what was long ago", () => assert.deepEqual(delays([0, 1_000_000, 2_000_000, 3_000_000, 4_000_000]), [0, 0, 0, 0, 0]));

it("begins anew when the user says so", () => {
  const backoff = new Backoff(() => 0);
  for (let crash = 0; crash < 9; crash++) backoff.next();
  assert.equal(backoff.next(), undefined);
  backoff.reset();
  assert.equal(backoff.next(), 0);
});
