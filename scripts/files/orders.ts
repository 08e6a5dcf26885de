import { minorUnits } from '#domain/money.ts';
import { openCsv } from './csv.ts';
import { dateReader } from './dates.ts';
import type { Placed } from './lines.ts';
import { type OrderColumn, type OrderMapping, placesOf } from './mapping.ts';

/** One line of an order, as a file of orders says it. */
export interface OrderLine {
  order: string;
  customer: string;
  /** Epoch ms. */
  at: number;
  product: string;
  quantity: number;
  /** Of one piece, in major units, as it is written. */
  price: string;
  name: string;
  category: string;
  email: string;
  phone: string;
  region: string;
  isCorporate: boolean;
}

/** Why a line is left out. */
export interface Refused {
  refused: string;
}

/** Reads a CSV file of order lines; each line of it is one, or the reason why it is none. Throws Failure where the file as a whole
 *  cannot be read. `zone`, `currency`: what holds where the mapping says nothing. */
export async function* orderLines(
  path: string,
  mapping: OrderMapping,
  { zone, currency }: { zone: string; currency: string },
): AsyncGenerator<Placed<OrderLine | Refused>> {
  const csv = await openCsv(path, mapping);
  const places = placesOf(mapping, csv.columns, path);
  const instant = dateReader(mapping.dateFormat, mapping.zone ?? zone);
  const money = mapping.currency ?? currency;
  for await (const { line, value: row } of csv.rows()) {
    const cell = (what: OrderColumn) => row[places.get(what) ?? -1]?.trim() ?? '';
    yield { line, value: lineOf(cell, instant, money) };
  }
}

function lineOf(
  cell: (what: OrderColumn) => string,
  instant: (text: string) => number | null,
  currency: string,
): OrderLine | Refused {
  const [order, customer, product, price] = [cell('order'), cell('customer'), cell('product'), cell('price')];
  const at = instant(cell('date'));
  const quantity = Number(cell('quantity').replace(',', '.') || Number.NaN);
  if (order === '') return { refused: 'no order id' };
  if (customer === '') return { refused: 'no customer' };
  if (product === '') return { refused: 'no product' };
  if (at === null) return { refused: 'the date is not of the format that the mapping names' };
  if (Number.isNaN(quantity)) return { refused: 'the quantity is no number' };
  if (quantity < 1) return { refused: 'a quantity below 1: what came back, and of which order is not said' };
  if (minorUnits(price, currency) === null) return { refused: 'the price is no amount' };
  const isCorporate = /^(?:b2b|corporate)$/i.test(cell('profile'));
  const about = { name: cell('name'), category: cell('category'), region: cell('region') };
  return {
    order,
    customer,
    at,
    product,
    quantity,
    price,
    isCorporate,
    email: cell('email'),
    phone: cell('phone'),
    ...about,
  };
}
