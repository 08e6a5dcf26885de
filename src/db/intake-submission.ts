import pg from 'pg';

/** Events that can never be stored, by their place in what was submitted. */
export class RefusedEvents extends Error {
  readonly refused: readonly { index: number; reason: string }[];
  constructor(refused: readonly { index: number; reason: string }[]) {
    super(`${refused.length} events cannot be stored`);
    this.refused = refused;
  }
}

/** Wall time that a client waits before it is told to come again. Most clients give up after 10 s. */
const patienceMs = 8_000;

/** Events that were submitted together, until it is known of each what became of it. */
export class Submission {
  readonly promise: Promise<void>;
  readonly #since = performance.now();
  readonly #waiting: Set<Submission>;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  readonly #refused: { index: number; reason: string }[] = [];
  #left: number;
  #failure: unknown;

  /** Stands in `waiting` until it is settled. */
  constructor(count: number, waiting: Set<Submission>) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#left = count;
    this.#waiting = waiting;
    if (count === 0) resolve();
    else waiting.add(this);
  }

  stored(): void {
    if (--this.#left === 0) this.#settle();
  }

  failed(index: number, error: unknown): void {
    if (isUnstorable(error)) this.#refused.push({ index, reason: 'holds what the database cannot store' });
    else this.#failure = error;
    if (--this.#left === 0) this.#settle();
  }

  /** Whether it has waited for too long: whoever submitted it is told so. The events may still be stored later; sent again,
   *  they are duplicates. */
  runsOut(now: number): boolean {
    if (now < this.#since + patienceMs) return false;
    this.#waiting.delete(this);
    this.#reject(new Error('storing takes too long'));
    return true;
  }

  #settle(): void {
    this.#waiting.delete(this);
    if (this.#failure !== undefined) this.#reject(this.#failure);
    else if (this.#refused.length > 0) this.#reject(new RefusedEvents(this.#refused));
    else this.#resolve();
  }
}

/** SQLSTATE of an error of the database. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

function isUnstorable(error: unknown): boolean {
  return /^(22|54)/.test(sqlState(error) ?? '');
}

/** Looks every half second for those that have waited too long: a timer for each costs more than all else about it. */
export function createPatience() {
  const waiting = new Set<Submission>();
  const timer = setInterval(() => {
    const now = performance.now();
    // The oldest first.
    for (const one of waiting) if (!one.runsOut(now)) return;
  }, 500);
  timer.unref();
  return { waiting, stop: () => clearInterval(timer) };
}
