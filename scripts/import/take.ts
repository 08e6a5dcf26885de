import { storeItems } from '#api/open/batch.ts';
import { customerEvent } from '#api/open/customer-event.ts';
import { asHistory, orderEvent } from '#api/open/order-event.ts';
import { instantInput } from '#api/open/schemas/common.ts';
import { productInput } from '#api/open/schemas/products.ts';
import { fieldErrors, unstorable } from '#api/open/validate.ts';
import type { FieldError } from '#api/problems.ts';
import { contextOf } from '#api/segment/calls.ts';
import type { Db } from '#db/connect.ts';
import { identitiesOnRecord, ordersOnRecord, personsOnRecord } from '#db/imports.ts';
import type { Intake } from '#db/intake.ts';
import { listProducts, type Product, type ProductInput, upsertProducts } from '#db/products.ts';
import type { Clock } from '#domain/clock.ts';
import type { Event } from '#domain/events.ts';
import { ByIdentity, type Holders, identitiesOf, type KnownIdentity } from '#domain/identity.ts';
import { isKnownOrder, isKnownPerson } from '#domain/old-news.ts';
import { type Properties, sameJson } from '#domain/shapes.ts';
import type { ShopSettings } from '#domain/shop.ts';
import type { ImportKind } from './mapping.ts';
import type { Flaw, Whole } from './pieces.ts';

export interface Taking {
  db: Db;
  intake: Pick<Intake, 'submit'>;
  sourceId: string;
  clock: Clock;
  shop: ShopSettings;
  isLive: boolean;
  /** When what the file says was so, where its lines say nothing: when it was written. */
  writtenAt: Date;
}

/** What became of a batch. */
export interface Taken {
  imported: number;
  unchanged: number;
  refused: ({ line: number } & Flaw)[];
}

/** Stores items as the open API does, but for those that say nothing new. When it resolves, they are committed. */
export const takers: Readonly<Record<ImportKind, (taking: Taking, wholes: readonly Whole[]) => Promise<Taken>>> = {
  orders: (taking, wholes) => takeEvents(taking, wholes, toldOfOrder, newOrders),
  customers: (taking, wholes) => takeEvents(taking, wholes, toldOfCustomer, newPersons),
  products: takeProducts,
};

interface Told {
  event: Event;
  whole: Whole;
}

async function takeEvents(
  taking: Taking,
  wholes: readonly Whole[],
  read: (taking: Taking, item: Properties) => { event: Event } | { errors: FieldError[] },
  newsOf: (db: Db, told: readonly Told[]) => Promise<Told[]>,
): Promise<Taken> {
  const refused = wholes.flatMap(({ flaws }) => flaws);
  const told: Told[] = [];
  for (const whole of wholes) {
    if (whole.item === null) continue;
    const found = read(taking, whole.item);
    if ('event' in found) told.push({ event: found.event, whole });
    else refused.push(...flawsOf(whole, found.errors));
  }
  const news = await newsOf(taking.db, told);
  const errors = await storeItems(news, (events) => taking.intake.submit(taking.sourceId, events));
  for (const [index, found] of errors) refused.push(...flawsOf((news[index] as Told).whole, found));
  return { imported: news.length - errors.size, unchanged: told.length - news.length, refused };
}

/** Of an order's goods, the line of the file that tells of them. */
function flawsOf({ lines }: Whole, errors: readonly FieldError[]): Taken['refused'] {
  const bad = errors.map(({ field, message }) => {
    const [, part, rest] = /^(?:lines|offers)\.(\d+)\.?(.*)$/.exec(field) ?? [];
    const line = part === undefined || lines.length === 1 ? undefined : lines[Number(part)];
    return { line: line ?? lines[0] ?? 0, field: line === undefined ? field : (rest ?? ''), reason: message };
  });
  const rest = lines.filter((line) => bad.every((one) => one.line !== line));
  const reason = `belongs to what line ${bad[0]?.line} is refused of`;
  return [...bad, ...rest.map((line) => ({ line, field: '', reason }))];
}

function toldOfOrder({ clock, shop, isLive }: Taking, item: Properties) {
  const found = orderEvent(item, [], contextOf(clock, shop, {}));
  return 'event' in found && !isLive ? { event: asHistory(found.event) } : found;
}

/** `at`: since when it is so; `advertising`: whether they want any. */
function toldOfCustomer({ clock, shop, writtenAt }: Taking, { at, advertising, ...item }: Properties) {
  const saidAt = at === undefined ? { success: true as const, data: writtenAt } : instantInput.safeParse(at);
  if (!saidAt.success) return { errors: fieldErrors(saidAt.error, true, ['at']) };
  if (advertising !== undefined && advertising !== 'granted' && advertising !== 'denied')
    return { errors: [{ field: 'advertising', message: 'must be granted or denied' }] };
  const found = customerEvent(item, [], contextOf(clock, shop, {}));
  if ('errors' in found) return found;
  const { event } = found;
  const occurredAt = new Date(Math.min(saidAt.data.getTime(), event.receivedAt.getTime()));
  const said = { do: 'consent', purpose: 'advertising', channel: '*', source: 'import' } as const;
  const effects = advertising === undefined ? [] : [{ ...said, state: advertising } as const];
  return { event: { ...event, occurredAt, effects: [...event.effects, ...effects] } };
}

async function holdersOf(db: Db, told: readonly Told[]): Promise<{ holders: Holders; held: KnownIdentity[] }> {
  const held = await identitiesOnRecord(
    db,
    told.flatMap(({ event }) => identitiesOf(event.who)),
  );
  const byIdentity = new ByIdentity<KnownIdentity>();
  for (const one of held) byIdentity.set(one.kind, one.value, one);
  return { held, holders: (kind, value) => byIdentity.get(kind, value) };
}

async function newOrders(db: Db, told: readonly Told[]): Promise<Told[]> {
  const idOf = ({ event }: Told) => event.effects.find((effect) => effect.do === 'order')?.order.orderId ?? '';
  const orders = new Map((await ordersOnRecord(db, told.map(idOf))).map((order) => [order.orderId, order]));
  const again = told.filter((one) => orders.has(idOf(one)));
  const { holders } = await holdersOf(db, again);
  return told.filter((one) => !isKnownOrder(one.event, orders.get(idOf(one)), holders));
}

async function newPersons(db: Db, told: readonly Told[]): Promise<Told[]> {
  const { held, holders } = await holdersOf(db, told);
  const persons = await personsOnRecord(db, [...new Set(held.map(({ customerId }) => customerId))]);
  const byId = new Map(persons.map((person) => [person.id, person]));
  return told.filter(({ event }) => !isKnownPerson(event, byId, holders));
}

async function takeProducts({ db, clock }: Taking, wholes: readonly Whole[]): Promise<Taken> {
  const refused = wholes.flatMap(({ flaws }) => flaws);
  const products = new Map<string, ProductInput>();
  let good = 0;
  for (const whole of wholes) {
    if (whole.item === null) continue;
    const found = productOf(whole.item);
    if ('errors' in found) refused.push(...flawsOf(whole, found.errors));
    else products.set(found.product.id, found.product);
    if ('product' in found) good += 1;
  }
  const ids = [...products.keys()];
  const known = ids.length === 0 ? [] : await listProducts(db, { ids }, '', ids.length);
  const byId = new Map(known.map((product) => [product.id, product]));
  const news = [...products.values()].filter((product) => !isKnownProduct(product, byId.get(product.id)));
  await upsertProducts(db, news, clock.now());
  return { imported: news.length, unchanged: good - news.length, refused };
}

function productOf(item: Properties): { product: ProductInput } | { errors: FieldError[] } {
  const bad = unstorable(item);
  if (bad) return { errors: [{ field: bad.path.map(String).join('.'), message: bad.message }] };
  const parsed = productInput.safeParse(item);
  return parsed.success ? { product: parsed.data as ProductInput } : { errors: fieldErrors(parsed.error, false) };
}

function isKnownProduct(given: ProductInput, known: Product | undefined): boolean {
  if (known === undefined) return false;
  const { offers, publishedAt, ...said } = given;
  const { offers: ours, publishedAt: since, updatedAt: _, ...rest } = known;
  const plain = (list: ProductInput['offers']) =>
    list
      ?.map(({ region, price, oldPrice, cost = null, stock }) => ({ region, price, oldPrice, cost, stock }))
      .sort((a, b) => (a.region < b.region ? -1 : 1));
  const isSameTime = publishedAt === undefined || publishedAt.getTime() === since.getTime();
  return isSameTime && sameJson(said, rest) && (offers === undefined || sameJson(plain(offers), plain(ours)));
}
