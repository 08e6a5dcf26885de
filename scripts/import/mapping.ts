import { z } from 'zod';
import { Failure } from '#domain/failure.ts';
import { jsonFile, saidOf, writing } from '#scripts/files/mapping.ts';

export const kinds = ['customers', 'orders', 'products'] as const;
export type ImportKind = (typeof kinds)[number];

const column = z.string().min(1);
/** A column that becomes a trait or an attribute: its name, or how its values are to be read, too. */
const more = z.union([
  column,
  z.strictObject({ column, as: z.enum(['text', 'number', 'boolean']).default('text').describe('What a value is') }),
]);

/** Values of a column of another language: `{"Возврат": "refunded"}`. */
const states = z
  .record(z.string(), z.enum(['placed', 'cancelled', 'refunded']))
  .default({})
  .describe('What the values of the column `state` mean; placed, cancelled and refunded mean themselves');
const corporate = z
  .array(z.string())
  .default(['corporate', 'b2b'])
  .describe('Values of the column `profile` that mean a company; all others mean a person');

const person = ['email', 'phone', 'card', 'profile'] as const;

/** What columns a file of each kind has: those it needs, those that are read where it has them, and whether all others are kept. */
export const columnsOf = {
  orders: {
    needed: ['order', 'date', 'product'],
    known: ['customer', ...person, 'quantity', 'price', 'sum', 'cost', 'oldPrice', 'total', 'state', 'code', 'name'],
    rest: null,
  },
  customers: { needed: [], known: ['customer', 'browser', ...person, 'advertising', 'date'], rest: 'traits' },
  products: {
    needed: ['id'],
    known: [
      ...['name', 'url', 'imageUrl', 'sku', 'category', 'brand', 'published'],
      ...['price', 'oldPrice', 'cost', 'stock', 'region'],
    ],
    rest: 'attributes',
  },
} as const satisfies Record<ImportKind, { needed: readonly string[]; known: readonly string[]; rest: string | null }>;

/** The names that columns have where the mapping says nothing. */
const usual: Readonly<Record<string, string>> = {
  order: 'order_id',
  customer: 'customer_id',
  browser: 'anonymous_id',
  product: 'product_id',
  oldPrice: 'old_price',
  imageUrl: 'image_url',
  published: 'published_at',
};

/** A column mapping, as it is used. */
export interface Mapping {
  kind: ImportKind;
  /** The columns that the mapping names, by what they say. */
  named: Readonly<Record<string, string>>;
  /** Null: all columns that say nothing else, under their own names. */
  rest: Readonly<Record<string, { column: string; as: 'text' | 'number' | 'boolean' }>> | null;
  states: Readonly<Record<string, string>>;
  corporate: readonly string[];
  written: z.output<typeof writtenShape>;
}

const writtenShape = z.strictObject(writing);

function shapeOf(kind: ImportKind) {
  const { needed, known, rest } = columnsOf[kind];
  const columns = Object.fromEntries([...needed, ...known].map((name) => [name, column.optional()]));
  const others = rest === null ? {} : { [rest]: z.record(z.string().min(1).max(200), more).optional() };
  return z.strictObject({ ...columns, ...others, ...(kind === 'orders' && { states }), corporate, ...writing });
}

/** The mapping of a file, with what the command line says of how it is written before what the mapping says. Throws Failure. */
export function readMapping(
  kind: ImportKind,
  path: string | undefined,
  given: { delimiter?: string | undefined; encoding?: string | undefined },
): Mapping {
  const parsed = shapeOf(kind).safeParse(path === undefined ? {} : jsonFile(path, 'the column mapping'));
  if (!parsed.success)
    throw new Failure(`The column mapping ${path} cannot be used for ${kind}:\n${saidOf(parsed.error)}`);
  const said: Record<string, unknown> = parsed.data;
  const { needed, known, rest } = columnsOf[kind];
  const named = [...needed, ...known].flatMap((what) => (typeof said[what] === 'string' ? [[what, said[what]]] : []));
  const others = rest === null ? {} : (said[rest] as Record<string, z.output<typeof more>> | undefined);
  const written = Object.fromEntries(Object.keys(writing).map((name) => [name, said[name]]));
  const spoken = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    kind,
    named: Object.fromEntries(named),
    rest:
      others === undefined ? null : Object.fromEntries(Object.entries(others).map(([to, from]) => [to, whole(from)])),
    states: (said.states ?? {}) as Record<string, string>,
    corporate: parsed.data.corporate,
    written: writtenShape.parse({ ...written, ...spoken }),
  };
}

const whole = (from: z.output<typeof more>) =>
  typeof from === 'string' ? { column: from, as: 'text' as const } : { column: from.column, as: from.as };

/** Where each column of a table stands. */
export interface Places {
  /** Columns that nothing is read from. */
  unused: readonly string[];
  /** By what it says; the header's own name beside it, for people. */
  columns: ReadonlyMap<string, { place: number; name: string }>;
  rest: readonly { to: string; place: number; name: string; as: 'text' | 'number' | 'boolean' }[];
}

/** Throws Failure where a column is not there that the file needs or the mapping names, with those that are. */
export function placesIn(mapping: Mapping, header: readonly string[], path: string): Places {
  const { needed, known, rest } = columnsOf[mapping.kind];
  const wanted = [...needed, ...known].map((what) => ({ what, name: mapping.named[what] ?? usual[what] ?? what }));
  const isNeeded = (what: string) => (needed as readonly string[]).includes(what) || mapping.named[what] !== undefined;
  const missing = [
    ...wanted.filter(({ what, name }) => isNeeded(what) && !header.includes(name)),
    ...Object.entries(mapping.rest ?? {}).flatMap(([what, { column: name }]) =>
      header.includes(name) ? [] : [{ what, name }],
    ),
  ];
  if (missing.length > 0) throw lacking(missing, header, path);
  const found = wanted.filter(({ name }) => header.includes(name));
  const columns = new Map(found.map(({ what, name }) => [what, { place: header.indexOf(name), name }]));
  const taken = new Set(found.map(({ name }) => name));
  const all = header.filter((name) => name !== '' && !taken.has(name));
  const others = rest === null ? {} : (mapping.rest ?? Object.fromEntries(all.map((name) => [name, whole(name)])));
  const used = new Set([...taken, ...Object.values(others).map(({ column: name }) => name)]);
  return {
    unused: all.filter((name) => !used.has(name)),
    columns,
    rest: Object.entries(others).map(([to, { column: name, as }]) => ({ to, place: header.indexOf(name), name, as })),
  };
}

function lacking(missing: readonly { what: string; name: string }[], header: readonly string[], path: string): Failure {
  const said = missing.map(({ what, name }) => (what === name ? `"${name}"` : `"${name}" (${what})`)).join(', ');
  if (header.length === 1)
    return new Failure(
      `${path} has no column ${said}, and one column only, "${header[0]}": say what stands between columns with --delimiter, such as --delimiter ";".`,
    );
  const example = JSON.stringify(Object.fromEntries(missing.map(({ what }) => [what, header[0] ?? ''])));
  return new Failure(
    `${path} has no column ${said}. It has: ${header.join(', ')}. Name the right ones in a file and give it with --map, such as ${example}.`,
  );
}
