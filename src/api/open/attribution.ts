import type { z } from 'zod';
import { attribution, attributionSettings } from '#db/attribution.ts';
import { segmentNames } from '#db/segments/segments.ts';
import type { AttributionReport, Figures, ReportItem } from '#domain/attribution-report.ts';
import { type Call, route } from './route.ts';
import { attributionQuery, attributionReport } from './schemas/attribution.ts';

const day = 86_400_000;

const report = route({
  method: 'get',
  path: '/reports/attribution',
  tag: 'Reports',
  summary: 'Orders and revenue by the message that brought them, and the share of all revenue',
  description:
    'Each order is credited once. Money is by currency; orders that were cancelled or refunded since are told apart and count nowhere else.',
  query: attributionQuery,
  answer: attributionReport,
  handle: tell,
});

async function tell({ query, deps }: Call<undefined, z.output<typeof attributionQuery>, undefined>) {
  const { model, by, profile = null } = query;
  const now = deps.clock.now();
  const to = query.to ?? now;
  const from = query.from ?? new Date(to.getTime() - 30 * day);
  const { lookBack } = await attributionSettings(deps.db);
  const found = await attribution(deps.db, { model, by, profile, from, to, now });
  const names = by === 'segment' ? await segmentNames(deps.db) : new Map<string, string>();
  const { total, messages, visits, untouched, overlap, sent } = found;
  return {
    ...{ from, to, model, by, profile, window: lookBack[model].window },
    total: shown(total),
    messages: { ...shown(messages), sent, conversion: conversionOf(messages.orders, sent) },
    visits: shown(visits),
    untouched: shown(untouched),
    shares: sharesOf(found),
    items: [...found.items.values()].toSorted(mostFirst).map((item) => ({
      journey: item.journey,
      key: item.key,
      name: names.get(item.key ?? '') ?? null,
      sent: item.sent,
      conversion: conversionOf(item.orders, item.sent),
      ...shown(item),
    })),
    overlap: shown(overlap),
  };
}

function shown({ orders, revenue, cancelled }: Figures) {
  return {
    orders,
    revenue: amounts(revenue),
    cancelled: { orders: cancelled.orders, revenue: amounts(cancelled.revenue) },
  };
}

function amounts(revenue: ReadonlyMap<string, number>) {
  const sums = [...revenue].map(([currency, amount]) => ({ amount, currency }));
  return sums.toSorted((one, other) => (one.currency < other.currency ? -1 : 1));
}

function conversionOf(orders: number, sent: number): number | null {
  return sent === 0 ? null : orders / sent;
}

/** Of currencies in which something was sold. */
function sharesOf({ total, messages }: AttributionReport) {
  return amounts(total.revenue)
    .filter(({ amount }) => amount > 0)
    .map(({ amount, currency }) => ({ currency, share: (messages.revenue.get(currency) ?? 0) / amount }));
}

function mostFirst(one: ReportItem, other: ReportItem): number {
  const name = ({ journey, key }: ReportItem) => `${journey ?? ''} ${key ?? ''}`;
  return other.orders - one.orders || other.sent - one.sent || (name(one) < name(other) ? -1 : 1);
}

export const attributionRoutes = [report];
