import type { ItemNews } from './item-queue-state.ts';
import type { Attributed } from './projection.ts';

/** News of an item that came as an event. Of a cancelled order the item is not told: it is the one that stands ordered by it. */
export type ItemSaid = ItemNews & { item: string | null };

/** What new events say of items and their queues (J9). Orders only where they are news, as for all journeys. */
export function itemsSaid(events: readonly Attributed[], orderNews: ReadonlySet<Attributed['event']>): ItemSaid[] {
  return events.flatMap((attributed) =>
    attributed.event.effects.flatMap((effect) => said(attributed, effect, orderNews)),
  );
}

function said(
  { event, customerId }: Attributed,
  effect: Attributed['event']['effects'][number],
  orderNews: ReadonlySet<Attributed['event']>,
): ItemSaid[] {
  const at = event.occurredAt.getTime();
  if (effect.do === 'item') return [{ what: effect.what, item: effect.item, customerId, orderId: null, at }];
  if (effect.do !== 'order' || !orderNews.has(event) || event.name === 'Order Imported') return [];
  const { orderId, state, lines } = effect.order;
  const order = { customerId, orderId, at };
  if (state === 'placed') return lines.map(({ product }) => ({ what: 'ordered', item: product, ...order }));
  return [{ what: 'cancelled', item: null, ...order }];
}
