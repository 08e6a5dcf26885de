import { contextOf } from '#api/segment/calls.ts';
import type { Event } from '#domain/events.ts';
import { normalise } from '#domain/segment.ts';
import { isRecord, type Properties, text } from '#domain/shapes.ts';
import type { ShopSettings } from '#domain/shop.ts';

/** An event of the record, whatever file it came from. */
export interface Recorded {
  /** When it was received, which is when it is played; epoch ms. */
  at: number;
  happenedAt: number;
  /** What journeys hear of; a history told by an import has another name than its call. */
  name: string;
  /** A call of Segment's tracking API. */
  call: Properties;
}

/** As intake takes it. Throws BadEvent. */
export function eventOf({ at, happenedAt, name, call }: Recorded, shop: ShopSettings): Event {
  const receivedAt = new Date(at);
  const clock = { time: { origin: 0, scale: 1 }, now: () => receivedAt };
  const event = normalise(call, call.type, { ...contextOf(clock, shop, {}), wallNow: at });
  const occurredAt = new Date(Math.min(at, happenedAt));
  return { ...event, name, occurredAt, effects: event.effects.map((effect) => inMinorUnits(effect, call)) };
}

/** Orders that came by the open API tell amounts in minor units, and name them so. */
function inMinorUnits(effect: Event['effects'][number], { properties }: Properties): Event['effects'][number] {
  if (effect.do !== 'order' || !isRecord(properties) || properties.amounts !== 'minor units') return effect;
  const lines = new Map<string, { product: string; quantity: number; price: number }>();
  for (const line of Array.isArray(properties.products) ? properties.products.filter(isRecord) : []) {
    const product = text(line.productId) ?? '';
    const price = isRecord(line.price) ? Number(line.price.amount) : 0;
    const quantity = Number(line.quantity) + (lines.get(product)?.quantity ?? 0);
    lines.set(product, { product, quantity, price });
  }
  const sum = [...lines.values()].reduce((total, { quantity, price }) => total + quantity * price, 0);
  return { ...effect, order: { ...effect.order, total: Number(properties.total ?? sum), lines: [...lines.values()] } };
}
