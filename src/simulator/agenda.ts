/** What is still to happen, in the order of time; of one instant in the order in which it was planned. */
export interface Agenda {
  /** Instants are business epoch ms. Nothing happens in the past: what is planned for it happens next. */
  plan(at: number, happens: (at: number) => void): void;
  /** When the next thing happens; null: nothing is left. */
  nextAt(): number | null;
  /** Lets the next thing happen. */
  happen(): void;
}

interface Entry {
  at: number;
  place: number;
  happens: (at: number) => void;
}

/** A binary heap. */
export function createAgenda(start: number): Agenda {
  const heap: Entry[] = [];
  let planned = 0;
  let now = start;

  function rise(place: number): void {
    const parent = (place - 1) >> 1;
    if (place === 0 || isBefore(heap[parent] as Entry, heap[place] as Entry)) return;
    swap(heap, place, parent);
    rise(parent);
  }

  function sink(place: number): void {
    const least = [2 * place + 1, 2 * place + 2].reduce(
      (best, child) => (child < heap.length && isBefore(heap[child] as Entry, heap[best] as Entry) ? child : best),
      place,
    );
    if (least === place) return;
    swap(heap, place, least);
    sink(least);
  }

  function take(): Entry | undefined {
    const [first] = heap;
    const last = heap.pop();
    if (last !== undefined && first !== last) {
      heap[0] = last;
      sink(0);
    }
    return first;
  }

  return {
    plan(at, happens) {
      heap.push({ at: Math.max(now, Math.round(at)), place: planned, happens });
      planned += 1;
      rise(heap.length - 1);
    },
    nextAt: () => heap[0]?.at ?? null,
    happen() {
      const next = take();
      if (next === undefined) return;
      now = next.at;
      next.happens(next.at);
    },
  };
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.place < b.place);
}

function swap(heap: Entry[], a: number, b: number): void {
  const [one, other] = [heap[a] as Entry, heap[b] as Entry];
  heap[a] = other;
  heap[b] = one;
}
