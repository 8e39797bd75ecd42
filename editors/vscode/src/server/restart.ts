/** When a server that crashed is started again, and when it is given up. */

const WINDOW_MS = 180_000;
const DELAYS_MS = [0, 1_000, 4_000, 10_000];

/** Counts the crashes of the last three minutes. `now` is in milliseconds. */
export class Backoff {
  #crashes: number[] = [];

  constructor(private readonly now: () => number) {}

  /** How long to wait before the next start, in milliseconds; undefined where there should be none. */
  next(): number | undefined {
    const now = this.now();
    this.#crashes = [...this.#crashes.filter((crash) => now - crash < WINDOW_MS), now];
    return DELAYS_MS[this.#crashes.length - 1];
  }

  /** The user wants it tried again. */
  reset(): void {
    this.#crashes = [];
  }
}
