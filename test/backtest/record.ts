import { createShop } from '#simulator/shop.ts';

export const start = new Date('2026-03-02T00:00:00Z');

/** What the simulated shop's customers do, as Segment's JSON Lines. The same seed gives the same lines. */
export function segmentLines(customers: number, days: number, seed = 5): string[] {
  const shop = createShop({ seed, customers, start, rates: { cartVisits: 0.4, favouriteVisits: 0.3 } });
  const until = new Date(start.getTime() + days * 86_400_000);
  const lines: string[] = [];
  for (const { at, call } of shop.until(until))
    if (call.to === 'tracking') lines.push(JSON.stringify({ ...call.body, timestamp: at.toISOString() }));
  return lines;
}
