import { afterEach, expect, test, vi } from 'vitest';
import { contextOf, readCalls } from '#api/segment/calls.ts';
import { happened } from '#api/telegram/events.ts';
import { scaledClock } from '#domain/clock.ts';
import { defaultShop } from '#domain/shop.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const clock = scaledClock({ origin: 0, scale: 1 });
const said = Date.parse('2026-05-04T09:00:00.174Z');

/** Each look at the wall finds it a millisecond later, as a slow machine does. */
function ticking(from: number) {
  let wall = from;
  vi.spyOn(Date, 'now').mockImplementation(() => wall++);
}

test('an event is dated by what its client said, whenever the wall moves on while it is read', () => {
  ticking(said + 30 * 60_000);
  const call = { event: 'Order Completed', userId: 'c1', timestamp: new Date(said).toISOString() };
  const [event] = readCalls([{ call, type: 'track' }], contextOf(clock, defaultShop, {})).events;
  expect(event?.occurredAt).toEqual(new Date(said));
});

test('so is what Telegram dates by the second', () => {
  ticking(said + 30 * 60_000);
  expect(happened(clock, Math.floor(said / 1000), 'begin')).toEqual(new Date('2026-05-04T09:00:00.000Z'));
});
