import { minorUnits } from '#domain/money.ts';
import { isRecord, type Properties, text } from '#domain/shapes.ts';
import type { Day, Preparing } from './prepare.ts';
import type { Recorded } from './recorded.ts';

/** A product as the record speaks of it when it does for the first time. */
export interface Product {
  id: string;
  sku: string | null;
  name: string;
  url: string | null;
  imageUrl: string | null;
  category: string | null;
  brand: string | null;
  price: { amount: number; currency: string } | null;
}

/** What a record tells by and by: given its days in order, each with its events in the order of the file. */
export class Gathering {
  readonly #options: Pick<Preparing, 'format' | 'mapping' | 'currency'>;
  readonly #products = new Set<string>();
  readonly #customers = new Set<string>();

  constructor(options: Pick<Preparing, 'format' | 'mapping' | 'currency'>) {
    this.#options = options;
  }

  day(recorded: readonly Recorded[]): Day {
    const { format } = this.#options;
    const whole = format === 'orders' ? joined(recorded) : recorded;
    // Those of one batch were received at one instant.
    const sorted = whole.toSorted((a, b) => a.at - b.at || a.happenedAt - b.happenedAt);
    const events = format === 'orders' ? sorted.flatMap((order) => this.#withFirstSight(order)) : sorted;
    const products = events.flatMap(({ call }) => this.#newProducts(call));
    return { products, events: events.toSorted((a, b) => a.at - b.at || a.happenedAt - b.happenedAt) };
  }

  /** Who orders for the first time is introduced a second before, and signs up a second after it if the mapping says so. */
  #withFirstSight(order: Recorded): Recorded[] {
    const { at, call } = order;
    const userId = text(call.userId) ?? '';
    if (this.#customers.has(userId)) return [order];
    this.#customers.add(userId);
    const { region, ...traits } = call.traits as Properties;
    const event = (at: number, name: string, said: Properties): Recorded => ({
      at,
      happenedAt: at,
      name,
      call: { messageId: `${name} ${userId}`.slice(0, 255), userId, context: call.context, ...said },
    });
    const introduced = event(at - 1000, 'identify', { type: 'identify', traits: { ...traits, region } });
    const signedUp = event(at + 1000, 'Signed Up', { type: 'track', event: 'Signed Up' });
    return [
      ...(region === undefined ? [] : [introduced]),
      order,
      ...(this.#options.mapping.signUp === 'first-order' ? [signedUp] : []),
    ];
  }

  #newProducts({ properties }: Properties): Product[] {
    if (!isRecord(properties)) return [];
    const named = Array.isArray(properties.products) ? properties.products.filter(isRecord) : [properties];
    return named.flatMap((one) => {
      const id = (text(one.product_id) ?? text(one.productId) ?? text(one.sku) ?? '').trim();
      if (id === '' || id.length > 200 || this.#products.has(id)) return [];
      this.#products.add(id);
      return [productOf(id, one, text(one.currency) ?? text(properties.currency) ?? this.#options.currency)];
    });
  }
}

function productOf(id: string, said: Properties, currency: string): Product {
  const price = isRecord(said.price) ? Number(said.price.amount) : minorUnits(said.price, currency);
  return {
    id,
    sku: text(said.sku) ?? null,
    name: text(said.name)?.trim() || id,
    url: addressOf(said.url),
    imageUrl: addressOf(said.image_url),
    category: text(said.category)?.trim() || null,
    brand: text(said.brand) ?? null,
    price: price === null || !Number.isSafeInteger(price) ? null : { amount: price, currency },
  };
}

function addressOf(value: unknown): string | null {
  return typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value) ? value : null;
}

/** An order whose lines stand apart in the file, on one day, is one. */
function joined(pieces: readonly Recorded[]): Recorded[] {
  const orders = new Map<unknown, Recorded>();
  for (const piece of pieces) {
    const known = orders.get(piece.call.messageId);
    orders.set(piece.call.messageId, known === undefined ? piece : both(known, piece));
  }
  return [...orders.values()];
}

function both(one: Recorded, other: Recorded): Recorded {
  const [first, second] = [one.call.properties as Properties, other.call.properties as Properties];
  const products = [...(first.products as unknown[]), ...(second.products as unknown[])];
  const at = Math.min(one.at, other.at);
  return { ...one, at, happenedAt: at, call: { ...one.call, properties: { ...first, products } } };
}
