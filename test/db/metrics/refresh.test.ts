import { type Arbitrary, array, assert, asyncProperty, constantFrom, integer, record } from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { refreshMetrics } from '#db/metrics/refresh.ts';
import { saveSettings } from '#db/settings.ts';
import { profileKinds } from '#domain/journey.ts';
import { type Axis, bins, codesOf, type Figures, type RfmSettings, type Scale, segmentOf } from '#domain/rfm.ts';
import { defaultRfm, usualSegments } from '#domain/rfm-defaults.ts';
import { defaultStages, intervalsOn, type StageSettings, stageOf } from '#domain/stages.ts';
import { freshDatabase } from '#test/support/database.ts';
import { day, metricsOf, type PlantedOrder, plantCustomers, plantOrders } from './support.ts';

const { db, pool } = await freshDatabase();
const start = Date.parse('2026-01-01T00:00:00Z');
const on = (days: number) => new Date(start + days * day);

beforeEach(async () => {
  await pool.query(`truncate customers, orders, order_lines, order_changes, metrics_changed, customer_metrics, metrics_state,
    rfm_thresholds, stage_transitions, settings, products, offers cascade`);
});

const both = (scale: Scale) => ({ personal: scale, corporate: scale });
const axis: Arbitrary<Axis> = constantFrom<Axis>(
  { by: 'quantiles' },
  { by: 'ranks' },
  { by: 'thresholds', at: [2, 9.5] },
);
const scale = record({ recency: axis, frequency: axis, money: axis });
const order = record({
  customer: integer({ min: 0, max: 11 }),
  minutes: integer({ min: 0, max: 400 * 1440 }),
  total: integer({ min: 0, max: 30 }),
  profile: constantFrom(...profileKinds),
  state: constantFrom('placed' as const, 'placed' as const, 'placed' as const, 'cancelled' as const),
});
const history = array(order, { maxLength: 60 });

function rowsOf(
  ids: readonly string[],
  orders: (typeof order extends Arbitrary<infer T> ? T : never)[],
): PlantedOrder[] {
  return orders.map(({ customer, minutes, ...rest }) => {
    return { ...rest, customer: ids[customer] ?? '', at: new Date(start - minutes * 60_000) };
  });
}

async function setRfm(value: Partial<RfmSettings>) {
  await saveSettings(db, 'rfm', { ...defaultRfm, ...value }, 'test', on(0));
}

const short: StageSettings = {
  personal: {
    ...defaultStages.personal,
    intervals: { atRisk: 'P20D', churning: 'P40DT12H', lost: 'P80D', gone: 'P160D' },
  },
  corporate: {
    ...defaultStages.corporate,
    intervals: { atRisk: 'P10D', churning: 'P11D', lost: 'P12D', gone: 'P13D' },
  },
};

async function reset(settings: Partial<RfmSettings>) {
  await pool.query(`truncate customers, orders, order_changes, metrics_changed, customer_metrics, metrics_state, rfm_thresholds,
    stage_transitions, settings cascade`);
  await setRfm(settings);
  await saveSettings(db, 'stages', short, 'test', on(0));
  return plantCustomers(pool, 12, on(-400));
}

test('P2 SQL scores as the domain does, by quantiles, ranks and thresholds; P3 and so are the stages', async () => {
  const scales = record({ codes: scale, scores: scale, money: constantFrom('turnover' as const, 'average' as const) });
  await assert(
    asyncProperty(history, scales, async (orders, { codes, scores, money }) => {
      const ids = await reset({ codes: both(codes), scores: both(scores), money });
      const rows = rowsOf(ids, orders);
      await plantOrders(pool, rows);
      await refreshMetrics(db, on(0));
      const expected = profileKinds.flatMap((profile) => judged(ids, rows, profile, { codes, scores, money }));
      const found = (await metricsOf(db)).map(({ customer_id, profile, code, score, segment, stage }) => {
        return { customer: customer_id, profile, code, score, segment, stage };
      });
      const byKey = (a: { customer: string; profile: string }, b: typeof a) =>
        a.customer + a.profile < b.customer + b.profile ? -1 : 1;
      expect(found.toSorted(byKey)).toEqual(expected.toSorted(byKey));
    }),
    { numRuns: 20, endOnFailure: true },
  );
});

/** What the domain says of the same orders. */
function judged(
  ids: readonly string[],
  orders: readonly PlantedOrder[],
  profile: 'personal' | 'corporate',
  by: { codes: Scale; scores: Scale; money: RfmSettings['money'] },
) {
  const people = ids.flatMap((customer) => {
    const own = orders.filter((one) => one.customer === customer && one.profile === profile && one.state === 'placed');
    if (own.length === 0) return [];
    const turnover = own.reduce((sum, { total }) => sum + total, 0);
    const since = start - Math.max(...own.map(({ at }) => at.getTime()));
    const money = by.money === 'turnover' ? turnover : Math.round(turnover / own.length);
    const figures: Figures = { recency: Math.floor(since / day), frequency: own.length, money };
    return [{ customer, since, figures }];
  });
  const figures = people.map((one) => one.figures);
  const codes = codesOf(figures, by.codes, bins.codes);
  const scores = codesOf(figures, by.scores, bins.scores);
  const rules = short[profile];
  return people.map(({ customer, since, figures: { frequency } }, index) => {
    const [code = 0, score = 0] = [codes[index], scores[index]];
    const stage = stageOf(frequency, since, rules, intervalsOn(rules, '01-01'));
    return { customer, profile, code, score, segment: segmentOf(score, usualSegments), stage };
  });
}

test('day by day, looking only at what changed, comes to the same as counting everything anew', async () => {
  const fixed: Scale = {
    recency: { by: 'thresholds', at: [7, 30.5] },
    frequency: { by: 'thresholds', at: [2, 3] },
    money: { by: 'thresholds', at: [20, 40] },
  };
  const days = array(array(order, { maxLength: 5 }), { minLength: 3, maxLength: 8 });
  await assert(
    asyncProperty(
      history,
      days,
      array(integer({ min: 1, max: 25 }), { minLength: 8, maxLength: 8 }),
      async (before, daily, steps) => {
        const ids = await reset({ codes: both(fixed), scores: both(fixed), learnEvery: 'P1000D' });
        await plantOrders(pool, rowsOf(ids, before));
        let today = 0;
        for (const [index, orders] of daily.entries()) {
          today += steps[index] ?? 1;
          const rows = rowsOf(ids, orders).map((one) => ({
            ...one,
            at: new Date((one.at.getTime() % day) + on(today - 1).getTime()),
          }));
          const [cancelled] = await plantOrders(pool, rows);
          await refreshMetrics(db, on(today));
          if (cancelled !== undefined)
            await pool.query(`update orders set state = 'cancelled' where order_id = $1`, [cancelled]);
        }
        await refreshMetrics(db, on(today));
        const stepwise = await metricsOf(db);
        await refreshMetrics(db, on(today), { full: true });
        expect(stepwise).toEqual(await metricsOf(db));
      },
    ),
    { numRuns: 10, endOnFailure: true },
  );
});

describe('looked at are only those', () => {
  const calm: Scale = {
    recency: { by: 'thresholds', at: [100, 200] },
    frequency: { by: 'thresholds', at: [2, 4] },
    money: { by: 'quantiles' },
  };

  async function twenty() {
    await setRfm({ codes: both(calm), scores: both(calm), learnEvery: 'P7D' });
    const ids = await plantCustomers(pool, 20, on(-400));
    await plantOrders(
      pool,
      ids.map((customer, index) => ({ customer, at: on(-index), total: 100 * index })),
    );
    return ids;
  }

  test('whose orders changed', async () => {
    const [anna = ''] = await twenty();
    expect(await refreshMetrics(db, on(0))).toMatchObject({ changes: 20, counted: 20, judged: 20, learnt: 1 });
    expect(await refreshMetrics(db, on(0.5))).toMatchObject({ changes: 0, counted: 0, judged: 0, learnt: 0 });
    await plantOrders(pool, [{ customer: anna, at: on(0.6), total: 5 }]);
    expect(await refreshMetrics(db, on(0.7))).toMatchObject({ changes: 1, counted: 1, judged: 1, transitions: 1 });
  });

  test('who comes to a boundary', async () => {
    const ids = await twenty();
    await refreshMetrics(db, on(0));
    // The one who ordered 19 days ago is at risk after 90.
    await setLearning('P1000D');
    await refreshMetrics(db, on(1));
    expect(await refreshMetrics(db, on(71))).toMatchObject({ counted: 0, judged: 1, transitions: 1 });
    const moved = await db.selectFrom('stage_transitions').selectAll().where('to_stage', '=', 'at_risk').execute();
    expect(moved).toMatchObject([{ customer_id: ids[19], from_stage: 'new', at: on(71) }]);
  });

  test('everybody, where the rules are others or what was learnt is old', async () => {
    await twenty();
    await refreshMetrics(db, on(0));
    expect(await refreshMetrics(db, on(6.9))).toMatchObject({ judged: 0, learnt: 0 });
    expect(await refreshMetrics(db, on(7))).toMatchObject({ judged: 20, learnt: 1 });
    await setLearning('P30D');
    expect(await refreshMetrics(db, on(8))).toMatchObject({ judged: 20, learnt: 1 });
    await saveSettings(db, 'stages', short, 'test', on(8));
    expect(await refreshMetrics(db, on(9))).toMatchObject({ judged: 20 });
  });

  const setLearning = (learnEvery: string) => setRfm({ codes: both(calm), scores: both(calm), learnEvery });
});

test('P3 a season has intervals of its own, and its beginning moves everybody whom they concern', async () => {
  const summer = {
    name: 'summer',
    from: '06-01',
    to: '08-31',
    intervals: { ...defaultStages.personal.intervals, atRisk: 'P30D' },
  };
  await saveSettings(db, 'stages', { personal: { ...defaultStages.personal, seasons: [summer] } }, 'test', on(0));
  const [anna = ''] = await plantCustomers(pool, 1, on(-400));
  await plantOrders(pool, [{ customer: anna, at: new Date('2026-04-20T09:00:00Z'), total: 1 }]);
  const stageAt = async (now: string) => {
    await refreshMetrics(db, new Date(now));
    return (await metricsOf(db))[0]?.stage;
  };
  expect(await stageAt('2026-05-31T20:00:00Z')).toBe('new');
  // Midnight in Moscow.
  expect(await stageAt('2026-05-31T21:00:00Z')).toBe('at_risk');
});

test('P3 stages are recorded as they are entered; who comes from an import has moved nowhere', async () => {
  const [anna = '', boris = ''] = await plantCustomers(pool, 2, on(-400));
  const [first = ''] = await plantOrders(pool, [
    { customer: anna, at: on(-1), total: 1 },
    { customer: boris, at: on(-200), total: 1, profile: 'corporate' },
  ]);
  for (const days of [0, 100, 160, 250, 400]) await refreshMetrics(db, on(days));
  await pool.query(`update orders set state = 'refunded' where order_id = $1`, [first]);
  await refreshMetrics(db, on(401));
  const moves = await db.selectFrom('stage_transitions').selectAll().orderBy('seq').execute();
  expect(moves.slice(1).map(({ from_stage, to_stage }) => `${from_stage} ${to_stage}`)).toEqual([
    'new at_risk',
    'lost gone',
    'at_risk churning',
    'churning lost',
    'lost gone',
    'gone null',
  ]);
  expect(
    moves.map(({ customer_id, profile, from_stage, to_stage, at }) => [
      customer_id === anna,
      profile,
      from_stage,
      to_stage,
      at,
    ]),
  ).toEqual([
    [true, 'personal', null, 'new', on(0)],
    [true, 'personal', 'new', 'at_risk', on(100)],
    [false, 'corporate', 'lost', 'gone', on(100)],
    [true, 'personal', 'at_risk', 'churning', on(160)],
    [true, 'personal', 'churning', 'lost', on(250)],
    [true, 'personal', 'lost', 'gone', on(400)],
    [true, 'personal', 'gone', null, on(401)],
  ]);
});

test('P5 profit is what is left where costs are known; orders at reduced prices or with a code are counted', async () => {
  const [anna = '', boris = ''] = await plantCustomers(pool, 2, on(-400));
  const [first, second, third] = await plantOrders(pool, [
    { customer: anna, at: on(-9), total: 1000 },
    { customer: anna, at: on(-5), total: 500 },
    { customer: boris, at: on(-2), total: 700 },
  ]);
  await pool.query(
    `insert into order_lines (order_id, product_id, quantity, price, cost, old_price) values
      ($1, 'kettle', 2, 400, 300, null), ($1, 'cup', 1, 200, 50, 250), ($2, 'pan', 1, 550, 100, null), ($3, 'pot', 1, 700, null, null)`,
    [first, second, third],
  );
  await refreshMetrics(db, on(0));
  expect(await metricsOf(db)).toMatchObject([
    {
      orders: 2,
      turnover: 1500,
      average: 750,
      profit: 750,
      discounted: 2,
      interval_days: 4,
      first_order_at: on(-9),
      last_order_at: on(-5),
    },
    { orders: 1, turnover: 700, profit: null, discounted: 0, interval_days: null },
  ]);
});

test('orders in another currency are counted without their money', async () => {
  const [anna = ''] = await plantCustomers(pool, 1, on(-400));
  const [dollars] = await plantOrders(pool, [
    { customer: anna, at: on(-9), total: 1000 },
    { customer: anna, at: on(-5), total: 500 },
  ]);
  await pool.query(`update orders set currency = 'USD' where order_id = $1`, [dollars]);
  await refreshMetrics(db, on(0));
  expect(await metricsOf(db)).toMatchObject([{ orders: 2, turnover: 500 }]);
});

test('one process at a time', async () => {
  await plantCustomers(pool, 1, on(0));
  const done = await Promise.all(Array.from({ length: 5 }, () => refreshMetrics(db, on(0))));
  expect(done.some((one) => one !== null)).toBe(true);
  const { rows } = await pool.query('select * from metrics_state');
  expect(rows).toHaveLength(1);
});
