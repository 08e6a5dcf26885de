import type { Properties } from '#domain/shapes.ts';

/** What is wrong with a line: `field` is a column, or a field of the JSON. */
export interface Flaw {
  field: string;
  reason: string;
}

/** What one line of a file says: an item of the open API, or a part of one. Of one `key` (an order's id) they make one item. */
export interface Piece {
  line: number;
  key: string | null;
  read(): Properties | Flaw;
}

/** One item, whole. `lines` it stands on. */
export interface Whole {
  key: string | null;
  lines: number[];
  /** Null: one of its lines is refused, and with it all of it. */
  item: Properties | null;
  flaws: ({ line: number } & Flaw)[];
}

function isFlaw(item: Properties | Flaw): item is Flaw {
  return Object.hasOwn(item, 'reason') && Object.hasOwn(item, 'field') && Object.keys(item).length === 2;
}

/** `parts`: what the lines of one item add up, such as an order's goods; all else is as its first line says. */
export function joined(pieces: readonly Piece[], parts: string | null): Whole {
  const lines = pieces.map(({ line }) => line);
  const key = pieces[0]?.key ?? null;
  const items = pieces.map((piece) => piece.read());
  const bad = items.flatMap((item, index) => (isFlaw(item) ? [{ line: lines[index] ?? 0, ...item }] : []));
  if (bad.length > 0) {
    const others = lines.filter((line) => bad.every((one) => one.line !== line));
    const rest = others.map((line) => ({
      line,
      field: '',
      reason: `belongs to what line ${bad[0]?.line} is refused of`,
    }));
    return { key, lines, item: null, flaws: [...bad, ...rest].sort((a, b) => a.line - b.line) };
  }
  const [first, ...more] = items as [Properties, ...Properties[]];
  if (parts === null || more.length === 0) return { key, lines, item: first, flaws: [] };
  const all = [first, ...more].flatMap((item) => (item[parts] as unknown[] | undefined) ?? []);
  return { key, lines, item: { ...first, [parts]: all }, flaws: [] };
}
