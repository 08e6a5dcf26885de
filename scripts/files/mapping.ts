import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Failure } from '#domain/failure.ts';
import { isZone } from '#domain/zone.ts';
import { isoDates, isPattern } from './dates.ts';

const column = z.string().min(1);

/** How a file is written, whatever it holds. */
export const writing = {
  dateFormat: z
    .string()
    .default(isoDates)
    .refine(isPattern, 'must be "iso" or a pattern with year, month and day, such as DD.MM.YYYY HH:mm'),
  zone: z.string().refine(isZone, 'must be an IANA time zone, such as Europe/London').optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code, such as GBP')
    .optional(),
  delimiter: z.string().length(1).optional(),
  encoding: z.string().optional(),
};

/** Which column of a file of order lines says what, and how it is written. What is left out of the first block is looked for under its
 *  own name; columns of the second are read where they are named. */
const shape = z.strictObject({
  order: column.default('order_id').describe('The id of the order; its lines have the same'),
  customer: column.default('customer_id').describe("The shop's id of the customer"),
  date: column.default('date').describe('When the order was placed'),
  product: column.default('product_id').describe("The shop's id of the product"),
  quantity: column.default('quantity').describe('Pieces; below 1: what came back'),
  price: column.default('price').describe('Of one piece, in major units: 12.50 or 12,50'),

  email: column.optional(),
  phone: column.optional(),
  region: column.optional().describe("Becomes the customer's trait `region`"),
  name: column.optional().describe("The product's name"),
  category: column.optional(),
  profile: column.optional().describe('`b2b` or `corporate` in it: an order of the company'),

  ...writing,
  signUp: z
    .enum(['none', 'first-order'])
    .default('none')
    .describe('`first-order`: with their first order in the file customers sign up, a second after it'),
});

export type OrderMapping = z.output<typeof shape>;

const columnNames = ['order', 'customer', 'date', 'product', 'quantity', 'price'] as const;
const moreNames = ['email', 'phone', 'region', 'name', 'category', 'profile'] as const;
export type OrderColumn = (typeof columnNames)[number] | (typeof moreNames)[number];

/** A mapping as it stands in a file; without one everything has its default. Throws Failure. */
export function readMapping(path: string | undefined): OrderMapping {
  if (path === undefined) return shape.parse({});
  const parsed = shape.safeParse(jsonFile(path, 'the column mapping'));
  if (parsed.success) return parsed.data;
  throw new Failure(`The column mapping ${path} cannot be used:\n${saidOf(parsed.error)}`);
}

/** Where each column stands in a file. Throws Failure where one is not there, with those that are. */
export function placesOf(
  mapping: OrderMapping,
  columns: readonly string[],
  path: string,
): ReadonlyMap<OrderColumn, number> {
  const wanted = [...columnNames, ...moreNames].flatMap((what) => {
    const name = mapping[what];
    return name === undefined ? [] : [{ what, name, place: columns.indexOf(name) }];
  });
  const missing = wanted.filter(({ place }) => place < 0);
  if (missing.length > 0) {
    const said = missing.map(({ what, name }) => `"${name}" (${what})`).join(', ');
    const example = JSON.stringify(Object.fromEntries(missing.map(({ what }) => [what, columns[0] ?? ''])));
    throw new Failure(
      `${path} has no column ${said}. It has: ${columns.join(', ')}. Name the right ones in a file and give it with --map, such as ${example}.`,
    );
  }
  return new Map(wanted.map(({ what, place }) => [what, place]));
}

/** A JSON document. Throws Failure. */
export function jsonFile(path: string, what: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is no JSON' : 'it cannot be read';
    throw new Failure(`${path} (${what}): ${why}. Give the path of a JSON document in UTF-8.`);
  }
}

/** What is wrong with a document, a line for each value. */
export function saidOf(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `  ${path.join('.') || '(the whole)'}: ${message}`).join('\n');
}
