import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  integer,
  letrec,
  oneof,
  record,
} from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { contactabilityOf } from '#db/contactability.ts';
import { refreshMetrics } from '#db/metrics/refresh.ts';
import { holds } from '#db/segments/compile.ts';
import { refreshSegments } from '#db/segments/refresh.ts';
import { insertSegment, isMember, living, readingAt } from '#db/segments/segments.ts';
import { saveSettings } from '#db/settings.ts';
import { type ChannelName, channelNames, profileKinds } from '#domain/journey.ts';
import { reachOf, unreachableBecause } from '#domain/reach.ts';
import type { Condition, LinesTest, NumberTest, TimeTest } from '#domain/segments.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import type { Stage } from '#domain/stages.ts';
import { day, plantCustomers, plantOrders } from '#test/db/metrics/support.ts';
import { freshDatabase } from '#test/support/database.ts';

const { db, pool } = await freshDatabase();
const start = Date.parse('2026-03-01T00:00:00Z');
const on = (days: number) => new Date(start + days * day);
const people = 8;

const time: Arbitrary<TimeTest> = constantFrom<TimeTest>(
  { within: 'P10D' },
  { before: 'P5D' },
  { within: 'P20D', before: 'P3D' },
  { from: '2026-03-04T00:00:00Z' },
);
const count: Arbitrary<NumberTest> = constantFrom<NumberTest>({ gte: 1 }, { gte: 2 }, { lt: 2 }, { eq: 0 });
const profile = constantFrom(undefined, ...profileKinds);
const leaf: Arbitrary<Condition> = oneof(
  constantFrom<Condition>(
    { where: 'trait', name: 'industry', is: { in: ['retail', 7] } },
    { where: 'trait', name: 'industry', is: { known: false } },
    { where: 'trait', name: 'level', is: { gte: 3 } },
    { where: 'customer', kind: 'b2b' },
    { where: 'customer', profiles: ['corporate'] },
    { where: 'customer', knownBy: ['card', 'user_id'] },
    { where: 'consent', purpose: 'advertising', channel: 'email', topic: '*', state: 'denied' },
    { where: 'reachable', channels: ['email', 'sms'] },
    { where: 'rfm', codes: ['3xx'] },
  ),
  record({
    where: constantFrom('orders' as const),
    profile,
    placed: time,
    count,
    reduced: constantFrom(undefined, true),
    last: constantFrom(undefined, true),
  }),
  record({
    where: constantFrom('orders' as const),
    lines: constantFrom<LinesTest>({ products: ['kettle'] }, { categories: ['Kitchen'] }),
    placed: time,
    count,
  }),
  record({
    where: constantFrom('metric' as const),
    metric: constantFrom('orders' as const, 'turnover' as const, 'average' as const),
    profile,
    is: count,
  }),
  record({
    where: constantFrom('stage' as const),
    in: constantFrom<Stage[]>(['new'], ['potential', 'at_risk']),
    since: constantFrom(undefined, { within: 'P4D' }),
  }),
  record({
    where: constantFrom('events' as const),
    name: constantFrom('page', 'Product Viewed'),
    occurred: time,
    count,
  }),
  record({ where: constantFrom('customer' as const), signedUp: time }),
);
const { condition } = letrec<{ condition: Condition }>((tie) => ({
  condition: oneof(
    { maxDepth: 2, withCrossShrink: true },
    leaf,
    record({ all: array(tie('condition'), { minLength: 1, maxLength: 3 }) }),
    record({ any: array(tie('condition'), { minLength: 1, maxLength: 3 }) }),
    record({ not: tie('condition') }),
  ),
}));

const someone = integer({ min: 0, max: people - 1 });
const deed = oneof(
  record({
    do: constantFrom('order' as const),
    who: someone,
    total: integer({ min: 0, max: 3 }),
    profile: constantFrom(...profileKinds),
    reduced: boolean(),
  }),
  record({
    do: constantFrom('look' as const),
    who: someone,
    name: constantFrom('page', 'Product Viewed'),
    late: integer({ min: 0, max: 6 }),
  }),
  record({
    do: constantFrom('tell' as const),
    who: someone,
    traits: constantFrom({ industry: 'retail' }, { industry: '7', level: 4 }, { kind: 'b2b' }),
  }),
  record({ do: constantFrom('card' as const), who: someone }),
  record({ do: constantFrom('company' as const), who: someone }),
  record({ do: constantFrom('deny' as const), who: someone }),
  record({ do: constantFrom('bounce' as const), who: someone }),
  record({ do: constantFrom('cancel' as const), who: someone }),
);
type Deed = typeof deed extends Arbitrary<infer T> ? T : never;

async function reset(): Promise<string[]> {
  await pool.query(`truncate customers, orders, order_lines, order_changes, metrics_changed, customer_metrics, metrics_state, rfm_thresholds,
    stage_transitions, settings, products, segments, segment_members, segment_changes, events, consents, consent_states, suppressions cascade`);
  const ids = await plantCustomers(pool, people, on(-8));
  await pool.query(
    `insert into products (id, name, url, category, published_at, updated_at) values ('kettle', 'Kettle', 'https://shop.example', 'Kitchen', now(), now())`,
  );
  for (const [index, id] of ids.entries()) {
    await pool.query(`insert into profiles (customer_id, kind, email, phone) values ($1, 'personal', $2, $3)`, [
      id,
      `c${index}@example.com`,
      index % 2 ? `+7916000000${index}` : null,
    ]);
    await pool.query(`insert into identities (kind, value, customer_id, since) values ('email', $2, $1, now())`, [
      id,
      `c${index}@example.com`,
    ]);
  }
  return ids;
}

/** As intake would leave it: an event of whatever comes in, and what it changes. */
async function act(ids: readonly string[], deed: Deed, at: Date): Promise<void> {
  const id = ids[deed.who];
  const happened = deed.do === 'look' ? new Date(at.getTime() - deed.late * day) : at;
  const name = deed.do === 'look' ? deed.name : deed.do;
  await pool.query(`select ensure_month('events', $1::date)`, [at]);
  await pool.query(
    `insert into events (id, received_at, occurred_at, source_id, message_id, type, name, customer_id, profile, payload)
     values (gen_random_uuid(), $1, $2, gen_random_uuid(), 'm', 'track', $3, $4, 'personal', '{}')`,
    [at, happened, name, id],
  );
  if (deed.do === 'order') {
    const [order] = await plantOrders(pool, [{ customer: id ?? '', at, total: deed.total, profile: deed.profile }]);
    await pool.query(
      `insert into order_lines (order_id, product_id, quantity, price, old_price) values ($1, 'kettle', 1, $2, $3)`,
      [order, deed.total, deed.reduced ? 9 : null],
    );
  }
  if (deed.do === 'card')
    await pool.query(
      `insert into identities (kind, value, customer_id, since) values ('card', $1::uuid::text, $1::uuid, now()) on conflict do nothing`,
      [id],
    );
  if (deed.do === 'company')
    await pool.query(`insert into profiles (customer_id, kind) values ($1, 'corporate') on conflict do nothing`, [id]);
  if (deed.do === 'tell')
    await pool.query('update customers set traits = traits || $2 where id = $1', [id, deed.traits]);
  if (deed.do === 'cancel') await pool.query(`update orders set state = 'cancelled' where customer_id = $1`, [id]);
  if (deed.do === 'bounce')
    await pool.query(
      `insert into suppressions (channel, address, reason, at) values ('email', $1, 'bounced', $2) on conflict do nothing`,
      [`c${deed.who}@example.com`, at],
    );
  if (deed.do !== 'deny') return;
  await pool.query(
    `insert into consents (id, customer_id, purpose, channel, state, source, at) values (gen_random_uuid(), $1, 'advertising', 'email', 'denied', 'test', $2)`,
    [id, at],
  );
  await pool.query(
    `insert into consent_states (customer_id, purpose, channel, state, at) values ($1, 'advertising', 'email', 'denied', $2) on conflict do nothing`,
    [id, at],
  );
}

async function meeting(condition: Condition, now: Date): Promise<string[]> {
  const { reading } = await readingAt(db, now);
  const { rows } = await sql<{
    id: string;
  }>`select c.id from customers c where ${living} and ${holds(condition, reading)} order by id`.execute(db);
  return rows.map(({ id }) => id);
}

test('P5 members that follow what changed are those who meet the condition; so says the question about one customer', async () => {
  const days = array(record({ step: integer({ min: 1, max: 9 }), deeds: array(deed, { maxLength: 4 }) }), {
    minLength: 2,
    maxLength: 5,
  });
  await assert(
    asyncProperty(array(condition, { minLength: 1, maxLength: 4 }), days, async (conditions, steps) => {
      const ids = await reset();
      const segments = await Promise.all(
        conditions.map((one, index) =>
          insertSegment(db, { name: `s${index}`, condition: one, expiresAt: null }, on(0)),
        ),
      );
      let today = 0;
      for (const { step, deeds } of steps) {
        for (const one of deeds) await act(ids, one, new Date(on(today).getTime() + day / 2));
        today += step;
        const now = on(today);
        await refreshMetrics(db, now);
        await refreshSegments(db, now);
        const { reading } = await readingAt(db, now);
        for (const [index, segment] of segments.entries()) {
          const { rows } = await pool.query(
            'select customer_id from segment_members where segment_id = $1 order by 1',
            [segment],
          );
          const expected = await meeting(conditions[index] as Condition, now);
          expect(rows.map((row) => row.customer_id)).toEqual(expected);
          const alone = await Promise.all(ids.map((id) => isMember(db, id, conditions[index] as Condition, reading)));
          expect(ids.filter((_, place) => alone[place])).toEqual(expected);
        }
      }
      const sizes =
        await pool.query(`select size, (select count(*)::int from segment_members where segment_id = id) as members,
        (select coalesce(sum(case when entered then 1 else -1 end), 0)::int from segment_changes where segment_id = id) as moved from segments`);
      for (const { size, members, moved } of sizes.rows) expect([size, moved]).toEqual([members, members]);
    }),
    { numRuns: 10, endOnFailure: true },
  );
});

test('P5 reachable is what the rule of the domain says', async () => {
  const words = array(
    record({
      who: someone,
      channel: constantFrom<ChannelName | '*'>('*', 'email', 'sms'),
      purpose: constantFrom('advertising', 'advertising', 'personal_data'),
      topic: constantFrom('*', '*', 'promotions'),
      state: constantFrom('granted', 'denied'),
    }),
    { maxLength: 10 },
  );
  const marks = array(
    record({
      who: someone,
      channel: constantFrom<ChannelName>('email', 'sms'),
      reason: constantFrom('bounced', 'unsubscribed', 'complained'),
      pending: boolean(),
    }),
    { maxLength: 5 },
  );
  const shops = record({
    personalDataConsent: constantFrom('required' as const, 'not_needed' as const),
    consent: constantFrom({}, { email: 'explicit' as const }, { sms: 'implied' as const }),
  });
  await assert(
    asyncProperty(words, marks, shops, async (said, marked, rules) => {
      const ids = await reset();
      await pool.query('truncate opt_ins');
      const shop: ShopSettings = { ...defaultShop, ...rules, channels: ['email', 'sms', 'telegram'] };
      await saveSettings(db, 'shop', shop, 'test', on(0));
      for (const { who, channel, purpose, topic, state } of said)
        await pool.query(
          'insert into consent_states (customer_id, purpose, channel, topic, state, at) values ($1, $2, $3, $4, $5, now()) on conflict do nothing',
          [ids[who], purpose, channel, topic, state],
        );
      for (const { who, channel, reason, pending } of marked) {
        const address = channel === 'email' ? `c${who}@example.com` : `+7916000000${who}`;
        await pool.query(
          'insert into suppressions (channel, address, reason, at) values ($1, $2, $3, now()) on conflict do nothing',
          [channel, address, reason],
        );
        if (pending)
          await pool.query(
            'insert into opt_ins (customer_id, channel, asked_at) values ($1, $2, now()) on conflict do nothing',
            [ids[who], channel],
          );
      }
      for (const channel of channelNames) {
        const expected = await Promise.all(ids.map((id) => isReachable(id, channel, shop)));
        expect(await meeting({ where: 'reachable', channels: [channel] }, on(0))).toEqual(
          ids.filter((_, place) => expected[place]),
        );
      }
    }),
    { numRuns: 12, endOnFailure: true },
  );
});

async function isReachable(id: string, channel: ChannelName, shop: ShopSettings): Promise<boolean> {
  const known = await contactabilityOf(db, id);
  return known.some((one) => unreachableBecause(reachOf(one.known, channel), 'marketing', shop) === null);
}
