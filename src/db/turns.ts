/** A group that takes longer waits for somebody else's lock; those behind it do not wait with it. */
const patienceMs = 50;
/** More would hold their locks for too long. */
const largestGroup = 32;

export interface TurnsOptions {
  /** So many groups at once: more are smaller, and cost more. */
  atOnce?: number;
  /** So many in a group: fewer wait less for each other, and cost more. */
  largest?: number;
}

/**
 * Serves in groups those who come while others are served: the longer a group takes, the more share the next. Whoever is alone
 * waits for nobody.
 */
export class Turns<One extends { key: string }> {
  readonly #serve: (group: readonly One[]) => Promise<unknown>;
  readonly #options: Required<TurnsOptions>;
  #waiting: One[] = [];
  #underWay = 0;
  #isCalled = false;

  /** `serve` never rejects. Of one key there is but one in a group. */
  constructor(serve: (group: readonly One[]) => Promise<unknown>, options: TurnsOptions = {}) {
    this.#serve = serve;
    this.#options = { atOnce: 1, largest: largestGroup, ...options };
  }

  add(one: One): void {
    this.#waiting.push(one);
    this.#call();
  }

  /** Those who come in one turn of the event loop go together. */
  #call(): void {
    if (this.#isCalled) return;
    this.#isCalled = true;
    process.nextTick(() => {
      this.#isCalled = false;
      while (this.#underWay < this.#options.atOnce && this.#waiting.length > 0) void this.#go();
    });
  }

  async #go(): Promise<void> {
    this.#underWay += 1;
    const { promise: patience, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, patienceMs);
    await Promise.race([this.#serve(this.#take()), patience]);
    clearTimeout(timer);
    this.#underWay -= 1;
    this.#call();
  }

  /** The next group. Of two with one key the second has to see what the first has written. */
  #take(): One[] {
    const group = new Map<string, One>();
    const left: One[] = [];
    for (const one of this.#waiting) {
      if (group.size < this.#options.largest && !group.has(one.key)) group.set(one.key, one);
      else left.push(one);
    }
    this.#waiting = left;
    return [...group.values()];
  }
}
