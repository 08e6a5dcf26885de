import type { Lists } from './lists.ts';

/** A number, and the lines that it counts: those of `list` whose fields are as `where` says. */
export interface Figure {
  n: number;
  list: keyof Lists;
  /** A list: any of these. */
  where: Where;
  /** Counts customers, however many lines each has. */
  of: 'lines' | 'customers';
}

export type Where = Readonly<Record<string, Value | readonly Value[]>>;
export type Value = string | number | null;

type Line = Lists[keyof Lists][number];

/** Counts lines by some of their fields. */
export class Tally<Row extends Line> {
  readonly #list: keyof Lists;
  readonly #fields: readonly (keyof Row & string)[];
  readonly #groups = new Map<string, { row: Row; lines: number; customers: Set<string> }>();

  constructor(list: keyof Lists, rows: readonly Row[], fields: readonly (keyof Row & string)[]) {
    this.#list = list;
    this.#fields = fields;
    for (const row of rows) this.#add(row);
  }

  /** One for each combination of values that there is, with a line that has them. */
  groups(): { row: Row; lines: Figure; customers: Figure }[] {
    return [...this.#groups.values()].map(({ row, lines, customers }) => {
      const where = Object.fromEntries(this.#fields.map((field) => [field, row[field] as Value]));
      const about = { list: this.#list, where };
      return {
        row,
        lines: { n: lines, ...about, of: 'lines' },
        customers: { n: customers.size, ...about, of: 'customers' },
      };
    });
  }

  #add(row: Row): void {
    const key = JSON.stringify(this.#fields.map((field) => row[field]));
    const known = this.#groups.get(key);
    if (known) {
      known.lines += 1;
      known.customers.add(row.customerId);
    } else {
      this.#groups.set(key, { row, lines: 1, customers: new Set([row.customerId]) });
    }
  }
}

/** The lines behind a number, in their order. */
export function linesBehind({ list, where }: Pick<Figure, 'list' | 'where'>, lists: Lists): Line[] {
  const conditions = Object.entries(where);
  return (lists[list] as Line[]).filter((line) =>
    conditions.every(([field, wanted]) => {
      const value = line[field as keyof Line] as Value;
      return Array.isArray(wanted) ? wanted.includes(value) : value === wanted;
    }),
  );
}

/** What a number is, counted from its list. */
export function countOf(figure: Omit<Figure, 'n'>, lists: Lists): Figure {
  const lines = linesBehind(figure, lists);
  const n = figure.of === 'lines' ? lines.length : new Set(lines.map(({ customerId }) => customerId)).size;
  return { n, ...figure };
}
