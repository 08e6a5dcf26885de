import { examplesOf } from './examples.ts';
import type { Figure } from './figures.ts';
import type { Lists } from './lists.ts';

type Line = Lists[keyof Lists][number];

/** What opens under a number of the page. */
interface Behind {
  side: string;
  list: string;
  of: Figure['of'];
  n: number;
  where: Figure['where'];
  /** The first lines: customer, instant, the rest. */
  examples: [string, string, string][];
}

/** The numbers of a page: each can be opened, to see which lines it counts. */
export class Numbers {
  readonly #shown: { side: string; figure: Figure }[] = [];

  /** HTML; a zero has nothing behind it. */
  show(side: string, figure: Figure | undefined): string {
    if (figure === undefined || figure.n === 0) return '0';
    const index = this.#shown.push({ side, figure }) - 1;
    return `<button data-i="${index}">${figure.n.toLocaleString('en')}</button>`;
  }

  /** For all that were shown, in their order. */
  behind(sides: readonly { name: string; lists: Lists }[]): Behind[] {
    const listsOf = new Map(sides.map(({ name, lists }) => [name, lists]));
    const examples = new Map<Figure, Line[]>();
    for (const [side, shown] of Map.groupBy(this.#shown, (one) => one.side)) {
      const figures = [...new Set(shown.map(({ figure }) => figure))];
      const found = examplesOf(figures, listsOf.get(side) as Lists);
      for (const [figure, lines] of found) examples.set(figure, lines);
    }
    return this.#shown.map(({ side, figure: { list, of, n, where }, figure }) => ({
      ...{ side, list, of, n, where },
      examples: (examples.get(figure) ?? []).map(inShort),
    }));
  }
}

function inShort(line: Line): [string, string, string] {
  const at = 'at' in line ? line.at : 'enteredAt' in line ? line.enteredAt : line.lastAt;
  const about = 'block' in line ? line.block : 'orderId' in line ? `order ${line.orderId}` : line.journey;
  const how = 'reason' in line ? `, ${line.reason}` : 'outcome' in line ? `, ${line.outcome}` : '';
  return [line.customer ?? line.customerId, at.slice(0, 16).replace('T', ' '), about + how];
}
