import { sql } from 'kysely';
import { afterAll, expect, test } from 'vitest';
import { durationMs } from '#domain/duration.ts';
import { presetPools, presetSettings } from '#presets/presets.ts';
import { type LivingShop, livingShop } from '#scripts/simulate/living.ts';
import { freshDatabase } from '#test/support/database.ts';
import { contracts } from '#workflows/catalogue.ts';

/** A quarter of Second Friend Store on the time machine, with its preset as it is: customers try on at home, wait in queues, buy, send
 *  back, leave. More carts and sign-ups than real ones, so that a few hundred customers walk every branch. */

const name = 'second-friend-store';
const start = new Date('2026-03-02T00:00:00Z');
const customers = 200;
const days = 90;
const rates = { cartVisits: 0.5, favouriteVisits: 0.2, clicks: 0.2, unsubscribes: 0.01, bounces: 0.01 };
const settings = Object.fromEntries((presetSettings(name) ?? []).map((one) => [one.name, one.value]));

async function play(): Promise<LivingShop> {
  const { url } = await freshDatabase();
  const story = { customers, seed: 2, start, rates, goods: 80, assortment: 'resale' } as const;
  const promoPools = presetPools(name);
  const shop = await livingShop({ databaseUrl: url, ...story, settings, promoPools, jobsEveryDays: 7 });
  afterAll(() => shop.close());
  for (const until of [30, 60, days]) {
    await shop.machine.runUntil(new Date(start.getTime() + until * durationMs('P1D')));
    expect(await shop.broken()).toEqual([]);
  }
  return shop;
}

/** Every message that the journey's settings name; where they name none, every one that it has. No view is expensive there (J6 is mi-shop's). */
function messagesOf(journey: keyof typeof contracts): string[] {
  const named = JSON.stringify(settings[journey]).matchAll(/"message":"([^"]+)"/g);
  const isMiShops = (message: string) => message === 'view-expensive' || message === 'view-alternatives';
  const found = [...new Set([...named].map(([, message]) => message ?? ''))].filter((message) => !isMiShops(message));
  return found.length > 0 ? found : Object.keys(contracts[journey].messages);
}

test('a quarter of Second Friend Store: every promise is kept, every branch walked', {
  timeout: 1_800_000,
}, async () => {
  const { db } = await play();
  const column = async (query: string) =>
    (await sql<{ one: string }>`${sql.raw(query)}`.execute(db)).rows.map(({ one }) => one);

  const sent = await column(
    `select distinct journey || '/' || template as one from messages where accepted_at is not null`,
  );
  for (const journey of ['abandonment', 'welcome', 'reservation', 'reservation-followup'] as const)
    for (const message of messagesOf(journey)) expect(sent).toContain(`${journey}/${message}`);

  const holds = await column('select distinct outcome as one from holds where ended_at is not null');
  expect(holds).toEqual(expect.arrayContaining(['ordered', 'expired', 'overtaken', 'withdrawn']));
  const places = await column('select distinct outcome as one from queue_places where ended_at is not null');
  expect(places).toEqual(expect.arrayContaining(['ordered', 'expired', 'overtaken', 'left', 'sold']));
  const channels = await column(
    `select distinct channel as one from messages where journey = 'reservation' and accepted_at is not null`,
  );
  expect(channels.sort()).toEqual(['email', 'telegram']);
  const redeemed = await column(`select distinct o.name as one from promo_codes c join promo_pools o on o.id = c.pool_id
    where c.redeemed_at is not null`);
  expect(redeemed.sort()).toEqual(['reservation-followup', 'welcome']);
});
