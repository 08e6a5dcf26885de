/** What is to be done at an instant. `act: null`: given up in the meantime. */
export interface Item {
  readonly at: number;
  readonly sequence: number;
  act: (() => unknown) | null;
}

/** A binary heap by (virtual time, sequence): what was put in first goes first among those of one instant. */
export class Queue {
  private readonly heap: Item[] = [];
  private sequence = 0;

  add(at: number, act: () => unknown): Item {
    const item = { at, sequence: this.sequence++, act };
    let place = this.heap.push(item) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.heap[above];
      if (parent === undefined || !isBefore(item, parent)) break;
      this.heap[place] = parent;
      place = above;
    }
    this.heap[place] = item;
    return item;
  }

  /** The instant of the first item that was not given up; Infinity where there is none. */
  nextAt(): number {
    while (this.heap[0]?.act === null) this.pop();
    return this.heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  take(): Item | undefined {
    while (this.heap[0]?.act === null) this.pop();
    return this.pop();
  }

  private pop(): Item | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      const [left, right] = [heap[below], heap[below + 1]];
      if (left === undefined) break;
      if (right !== undefined && isBefore(right, left)) below += 1;
      const child = heap[below] ?? left;
      if (!isBefore(child, last)) break;
      heap[place] = child;
      place = below;
    }
    heap[place] = last;
    return first;
  }
}

function isBefore(a: Item, b: Item): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
