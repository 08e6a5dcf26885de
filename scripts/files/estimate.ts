/** What is to come takes as long as the last half minute: some of it goes faster than the rest. */
const lookBackMs = 30_000;

/** How long the rest of some work takes, of which it is told now and then how much is done. */
export class Estimate {
  readonly #whole: number;
  readonly #lately: { at: number; done: number }[];

  /** Of `whole`, `before` was done when it began (now, by `performance.now()`). */
  constructor(whole: number, before = 0) {
    this.#whole = whole;
    this.#lately = [{ at: performance.now(), done: before }];
  }

  /** Milliseconds, at `now` (ms), when so much is `done`. */
  left(now: number, done: number): number {
    this.#lately.push({ at: now, done });
    while ((this.#lately[1]?.at ?? now) < now - lookBackMs) this.#lately.shift();
    const [since] = this.#lately as [{ at: number; done: number }];
    return ((now - since.at) / Math.max(1, done - since.done)) * (this.#whole - done);
  }
}

/** `12 s`, `3 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
