import { createShop } from '#simulator/shop.ts';

export const start = new Date('2026-03-02T00:00:00Z');

/** What the simulated shop's customers do, as Segment's JSON Lines. The same seed gives the same lines. */
export function segmentLines(customers: number, days: number, seed = 5): string[] {
  const shop = createShop({ seed, customers, start, rates: { cartVisits: 0.4, favouriteVisits: 0.3 } });
  const until = new Date(start.getTime() + days * 86_400_000);
  const lines: string[] = [];
  let last = 0;
  for (const { at, call } of shop.until(until)) {
    if (call.to !== 'tracking') continue;
    // No two at one instant: what is exported of them would not say which was first.
    last = Math.max(last + 1, at.getTime());
    lines.push(JSON.stringify({ ...call.body, timestamp: new Date(last).toISOString() }));
  }
  return lines;
}
