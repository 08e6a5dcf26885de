import type { Figure, Value } from './figures.ts';
import type { Lists } from './lists.ts';

type Line = Lists[keyof Lists][number];

export const mostExamples = 10;

/** The first lines behind each of many numbers, in one pass for all that look at the same fields; of customers each once. */
export function examplesOf(figures: readonly Figure[], lists: Lists): Map<Figure, Line[]> {
  const found = new Map<Figure, Line[]>(figures.map((figure) => [figure, []]));
  for (const [fields, alike] of Map.groupBy(figures, ({ list, where }) => `${list} ${Object.keys(where).join(' ')}`)) {
    const [list = '', ...names] = fields.trim().split(' ');
    const byKey = new Map<string, Figure[]>();
    for (const figure of alike) for (const key of keysOf(figure)) byKey.set(key, [...(byKey.get(key) ?? []), figure]);
    for (const line of lists[list as keyof Lists]) {
      const key = JSON.stringify(names.map((name) => line[name as keyof Line]));
      for (const figure of byKey.get(key) ?? []) take(found.get(figure) ?? [], line, figure);
    }
  }
  return found;
}

function take(examples: Line[], line: Line, { of }: Figure): void {
  if (examples.length >= mostExamples) return;
  if (of === 'customers' && examples.some(({ customerId }) => customerId === line.customerId)) return;
  examples.push(line);
}

/** One for each combination of the values that a number allows. */
function keysOf({ where }: Figure): string[] {
  const combined = Object.values(where).reduce<Value[][]>(
    (before, wanted) => before.flatMap((values) => [wanted].flat().map((value) => [...values, value as Value])),
    [[]],
  );
  return combined.map((values) => JSON.stringify(values));
}
