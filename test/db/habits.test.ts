import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  type CustomerHabitsJson,
  computeHabits,
  customerHabitsJson,
  customerHabitsOf,
  noHabits,
  readHabits,
  refreshHabits,
} from '#db/habits.ts';
import { saveSettings } from '#db/settings.ts';
import { defaultShop } from '#domain/shop.ts';
import { freshDatabase } from '#test/support/database.ts';
import { plantCustomer, plantMessages } from '#test/support/messages.ts';

const { db } = await freshDatabase();
const now = new Date('2026-06-01T12:00:00.000Z');
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
const hour = 3_600_000;
const day = 24;
const none = noHabits.hours;
const hoursWith = (counts: Record<number, number>) => none.map((_, at) => counts[at] ?? 0);

beforeEach(async () => {
  await sql`delete from messages`.execute(db);
  await sql`delete from habits`.execute(db);
  await sql`delete from settings`.execute(db);
});

/** A message that was opened at this instant. */
const opened = (customer_id: string, at: string, more: object = {}) => ({
  customer_id,
  reserved_at: new Date(Date.parse(at) - 60_000),
  opened_at: new Date(at),
  opened_by: 'human' as const,
  ...more,
});

async function habits() {
  await computeHabits(db, now);
  return readHabits(db);
}

test('before anything was computed nothing is known', async () => {
  expect(await readHabits(db)).toEqual({ ...noHabits, computedAt: null });
});

test('of no messages there are no habits', async () => {
  expect(await habits()).toEqual({ hours: none, channels: {}, computedAt: now });
});

describe("everybody's hours", () => {
  test("are those of each customer's own clock, summer time and half hours included", async () => {
    const berlin = await plantCustomer(db, now, { timezone: 'Europe/Berlin' });
    const delhi = await plantCustomer(db, now, { timezone: 'Asia/Kolkata' });
    const unknown = await plantCustomer(db, now);
    await plantMessages(db, [
      opened(berlin, '2026-03-28T18:30Z'), // 19:30
      opened(berlin, '2026-03-29T17:30Z'), // 19:30
      opened(delhi, '2026-05-01T13:29Z'), // 18:59
      opened(delhi, '2026-05-01T13:30Z'), // 19:00
      opened(unknown, '2026-05-01T16:00Z'), // 19:00 in Moscow
    ]);
    expect((await habits()).hours).toEqual(hoursWith({ 18: 1, 19: 4 }));
  });

  test('are those of the zone that the decision found, before the one that the customer names now', async () => {
    const moved = await plantCustomer(db, now, { timezone: 'Asia/Tokyo' });
    await plantMessages(db, [
      opened(moved, '2026-05-01T10:00Z', { zone: 'Asia/Vladivostok' }),
      opened(moved, '2026-05-01T10:00Z', { zone: null }),
    ]);
    expect((await habits()).hours).toEqual(hoursWith({ 19: 1, 20: 1 }));
  });

  test("are the shop's where a zone is none that PostgreSQL knows", async () => {
    await saveSettings(db, 'shop', { ...defaultShop, zone: 'Asia/Omsk' }, 'test', now);
    const spelt = await plantCustomer(db, now, { timezone: 'europe/berlin' });
    const wrong = await plantCustomer(db, now, { timezone: 'Mars/Olympus' });
    const offset = await plantCustomer(db, now, { timezone: '+09:00' });
    const at = '2026-05-01T06:00Z';
    await plantMessages(
      db,
      [spelt, wrong, offset].map((id) => opened(id, at)),
    );
    expect((await habits()).hours).toEqual(hoursWith({ 8: 1, 12: 2 }));
  });

  test("count people's opens alone, of a year alone", async () => {
    const id = await plantCustomer(db, now, { timezone: 'UTC' });
    const old = { reserved_at: ago(366 * day), opened_at: ago(1), opened_by: 'human' };
    await plantMessages(db, [
      opened(id, '2026-05-01T10:00Z'),
      opened(id, '2026-05-01T11:00Z', { opened_by: 'machine' }),
      opened(id, '2026-05-01T12:00Z', { opened_by: 'unknown' }),
      { customer_id: id, ...old },
      { customer_id: id, reserved_at: ago(1) },
    ]);
    expect((await habits()).hours).toEqual(hoursWith({ 10: 1 }));
  });
});

test('channels: what was taken, came in, was opened, clicked; a reaction is an open by a person or a click', async () => {
  const customer_id = await plantCustomer(db, now);
  const message = { customer_id, reserved_at: ago(10) };
  const at = ago(9);
  const sms = { ...message, channel: 'sms' };
  await plantMessages(db, [
    { ...message, state: 'delivered', delivered_at: at, opened_at: at, opened_by: 'human', clicked_at: at },
    { ...message, state: 'delivered', delivered_at: at, opened_at: at, opened_by: 'human' },
    { ...message, opened_at: at, opened_by: 'machine' },
    { ...message, state: 'failed', accepted_at: null },
    { ...message, state: 'dropped', accepted_at: null },
    { ...sms, clicked_at: at },
    sms,
  ]);
  expect((await habits()).channels).toEqual({
    email: { sent: 3, delivered: 2, opened: 2, clicked: 1, reacted: 2 },
    sms: { sent: 2, delivered: 0, opened: 0, clicked: 1, reacted: 1 },
  });
});

describe('a customer', () => {
  async function habitsOf(id: string) {
    const { rows } = await sql<{ habits: CustomerHabitsJson }>`
      with own as (select * from messages where customer_id = ${id})
      select ${customerHabitsJson(now, sql`own`)} as habits`.execute(db);
    const habits = customerHabitsOf(rows[0]?.habits ?? []);
    return { ...habits, opens: habits.opens.toSorted() };
  }

  test('has habits of their own', async () => {
    const [anna, boris] = [await plantCustomer(db, now), await plantCustomer(db, now)];
    await plantMessages(db, [
      opened(anna, '2026-05-01T10:00:00.500Z'),
      opened(anna, '2026-05-02T11:00Z', { channel: 'telegram' }),
      opened(anna, '2026-05-03T11:00Z', { opened_by: 'machine' }),
      opened(boris, '2026-05-04T11:00Z'),
      { customer_id: anna, reserved_at: ago(1), channel: 'sms', clicked_at: now },
      { customer_id: anna, reserved_at: ago(1), channel: 'sms', state: 'dropped', accepted_at: null },
      { customer_id: anna, reserved_at: ago(366 * day), opened_at: ago(1), opened_by: 'human' },
    ]);
    expect(await habitsOf(anna)).toEqual({
      opens: ['2026-05-01T10:00:00.500Z', '2026-05-02T11:00Z'].map(Date.parse),
      channels: {
        email: { sent: 2, reacted: 1 },
        telegram: { sent: 1, reacted: 1 },
        sms: { sent: 1, reacted: 1 },
      },
    });
  });

  test('who was never written to has none', async () => {
    expect(await habitsOf(await plantCustomer(db, now))).toEqual({ opens: [], channels: {} });
  });
});

describe('they are computed anew', () => {
  test('when they are an hour old, and not before', async () => {
    const later = (ms: number) => new Date(now.getTime() + ms);
    expect(await refreshHabits(db, now, hour)).toBe(true);
    expect(await refreshHabits(db, later(hour - 1), hour)).toBe(false);
    expect(await refreshHabits(db, later(hour), hour)).toBe(true);
    expect((await readHabits(db)).computedAt).toEqual(later(hour));
  });

  test('by one worker of many', async () => {
    const asked = await Promise.all(Array.from({ length: 10 }, () => refreshHabits(db, now, hour)));
    expect(asked.filter(Boolean)).toHaveLength(1);
  });
});
