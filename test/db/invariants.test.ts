import { randomUUID } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { newId } from '#db/ids.ts';
import { checkInvariants, type InvariantName, invariants } from '#db/invariants.ts';
import { ensureMonths } from '#db/partitions.ts';
import type { DB } from '#db/schema.ts';
import { saveSettings } from '#db/settings.ts';
import { freshDatabase } from '#test/support/database.ts';
import { plantCustomer, plantMessages } from '#test/support/messages.ts';

const { db } = await freshDatabase();
const now = new Date('2026-06-20T12:00:00Z');
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
const journeys = {
  abandonment: { repeatAfterMs: 7 * 24 * 3_600_000 },
  welcome: { once: true },
  replenishment: { pauseMs: 7 * 24 * 3_600_000 },
  'item-event': { priceAgainAfterMs: 24 * 3_600_000 },
  lifecycle: { followsOrders: true },
};

type Trx = Transaction<DB>;

/** What is whole: a customer who browsed and ordered, a run that has sent a message and ended, and one that waits. */
const world = { customer: '', ended: '', live: '', message: '', source: randomUUID(), pool: randomUUID() };
/** To whom a code was given, and by which step. */
const given = { block: 'cart-1', iteration: 1, issued_at: ago(185), expires_at: ago(-100) };

beforeAll(async () => {
  await ensureMonths(db, ['events', 'decisions', 'message_events'], now);
  await saveSettings(
    db,
    'policy',
    {
      rules: [
        { name: 'two-a-week', channels: [], classes: [], max: 2, window: 'P7D', clock: 'rolling', unit: 'message' },
      ],
    },
    'test',
    ago(2000),
  );
  world.customer = await plantCustomer(db, ago(200));
  await db.insertInto('profiles').values({ customer_id: world.customer, kind: 'personal', activity_seq: 2 }).execute();
  await plantEvent(db, 'page', ago(190));
  await plantEvent(db, 'Product Added', ago(190));
  await plantEvent(db, 'Order Completed', ago(180), { properties: { order_id: 'A-1' } });
  await db.insertInto('orders').values(orderOf('A-1')).execute();
  world.ended = await plantRun(db, ago(190), { ended_at: ago(180), outcome: 'goal' });
  await plantBlock(db, world.ended, 'cart-1', { left_at: ago(185), result: 'passed' });
  world.message = await plantSent(db, world.ended, ago(185));
  const pool = { id: world.pool, name: 'pool', kind: 'imported', sizes: '[]', expiry: '{}', low_stock: 0 };
  await db
    .insertInto('promo_pools')
    .values({ ...pool, created_at: ago(300) })
    .execute();
  await plantCode(db, 'FREE-1');
  Object.assign(given, { customer_id: world.customer, run_id: world.ended });
  await plantCode(db, 'GIVEN-1', { ...given, redeemed_at: ago(180), redeemed_order: 'A-1' });
  await plantQueue();
  world.live = await plantRun(db, ago(20), { block: 'cart-2', due_at: ago(-4), plan: '{}' });
  await plantBlock(db, world.live, 'cart-2');
});

const orderOf = (order_id: string) => ({
  ...{ order_id, customer_id: world.customer, profile: 'personal', state: 'placed', total: 100, currency: 'RUB' },
  ...{ placed_at: ago(180), state_at: ago(180), codes: [' given-1'] },
});

/** Of an item whose first in line let it go and was told, and which is kept for the second. */
async function plantQueue(): Promise<void> {
  const journey = { workflow_id: 'reservation:bag', journey: 'reservation', class: 'service', key: 'bag' };
  const item = { customer_id: null, block: 'hold', due_at: ago(-4) };
  queue.run = await plantRun(db, ago(40), { ...journey, ...item });
  await db.insertInto('items').values({ id: 'bag', state: 'free', is_queued: true, places: 2, holds: 2 }).execute();
  const place = { item_id: 'bag', joined_at: ago(40) };
  const other = await plantCustomer(db, ago(200));
  await db
    .insertInto('queue_places')
    .values([
      { ...place, id: queue.first, customer_id: world.customer, number: 1, ended_at: ago(14), outcome: 'expired' },
      { ...place, id: queue.second, customer_id: other, number: 2 },
    ])
    .execute();
  const hold = { item_id: 'bag', accepted_at: ago(30), until: ago(14), offered_at: ago(30) };
  const kept = { offered_at: ago(12), accepted_at: ago(12), until: ago(-4) };
  await db
    .insertInto('holds')
    .values([
      { ...hold, id: queue.let, place_id: queue.first, number: 1, ended_at: ago(14), outcome: 'expired' },
      { ...hold, ...kept, id: queue.kept, place_id: queue.second, number: 2 },
    ])
    .execute();
  const told = { item_id: 'bag', iteration: 1, channel: 'email', due_at: ago(14), done_at: ago(14), result: 'told' };
  const notice = { ...told, id: randomUUID(), place_id: queue.first, hold_id: queue.let, message: 'hold-cancelled' };
  await db.insertInto('queue_notices').values(notice).execute();
}

const queue = { run: '', first: randomUUID(), second: randomUUID(), let: randomUUID(), kept: randomUUID() };
const hold = (trx: Trx, id: string, change: object) =>
  trx.updateTable('holds').set(change).where('id', '=', id).execute();

async function plantEvent(
  trx: Kysely<DB>,
  name: string,
  at: Date,
  payload: object = {},
  messageId: string = randomUUID(),
) {
  const row = { id: newId(at), received_at: at, occurred_at: at, source_id: world.source, message_id: messageId, name };
  const more = { type: 'track', customer_id: world.customer, profile: 'personal', payload: JSON.stringify(payload) };
  await trx
    .insertInto('events')
    .values({ ...row, ...more })
    .execute();
  await sql`insert into event_keys (hash) values (substring(sha256(convert_to(${`${world.source} ${messageId}`}, 'UTF8')) from 1 for 16))
    on conflict do nothing`.execute(trx);
}

async function plantCode(trx: Kysely<DB>, key: string, more: object = {}): Promise<void> {
  const row = { key, code: key, pool_id: world.pool, size: 'all', percent: 10 };
  await trx
    .insertInto('promo_codes')
    .values({ ...row, ...more })
    .execute();
}

async function plantRun(trx: Kysely<DB>, at: Date, more: object = {}): Promise<string> {
  const id = newId(at);
  const who = { id, workflow_id: `abandonment:${world.customer}:personal`, customer_id: world.customer };
  const what = { journey: 'abandonment', class: 'abandonment', key: 'personal', settings_version: 0, read_seq: 0 };
  await trx
    .insertInto('runs')
    .values({ ...who, ...what, trigger_at: at, entered_at: at, ...more })
    .execute();
  return id;
}

async function plantBlock(trx: Kysely<DB>, run_id: string, block: string, more: object = {}): Promise<void> {
  await trx
    .insertInto('run_blocks')
    .values({ run_id, block, entered_at: ago(190), ...more })
    .execute();
}

/** A message that a run has sent, with its decision. */
async function plantSent(trx: Kysely<DB>, run_id: string, at: Date, more: object = {}): Promise<string> {
  const id = newId(at);
  await plantMessages(trx, [{ id, customer_id: world.customer, run_id, reserved_at: at, goods: ['lamp'], ...more }]);
  const { block = 'cart-1' } = more as { block?: string };
  await plantDecision(trx, run_id, at, { decision: 'send', reason: 'ok', message_id: id, block });
  return id;
}

async function plantDecision(trx: Kysely<DB>, run_id: string, at: Date, more: object): Promise<void> {
  const row = { id: newId(at), at, customer_id: world.customer, journey: 'abandonment', run_id, block: 'cart-1' };
  await trx
    .insertInto('decisions')
    .values({ ...row, channel: 'email', decision: 'defer', reason: 'policy:two-a-week', ...more })
    .execute();
}

const message = (trx: Trx, change: object) =>
  trx.updateTable('messages').set(change).where('id', '=', world.message).execute();
const run = (trx: Trx, id: string, change: object) =>
  trx.updateTable('runs').set(change).where('id', '=', id).execute();

/** For each invariant what breaks it, and no other. */
const defects: Record<InvariantName, (trx: Trx) => Promise<unknown>> = {
  'each event is stored once': async (trx) => {
    await plantEvent(trx, 'identify', ago(5), {}, 'twice');
    await plantEvent(trx, 'identify', ago(4), {}, 'twice');
  },
  'each event has its key': (trx) =>
    sql`delete from event_keys where ctid = (select min(ctid) from event_keys)`.execute(trx),
  'each visit and activity counts once': (trx) =>
    trx.updateTable('profiles').set({ activity_seq: 3 }).where('customer_id', '=', world.customer).execute(),
  'each order that an event tells of is on record': (trx) =>
    plantEvent(trx, 'Order Completed', ago(3), { properties: { order_id: 'B-2' } }),
  'the ledger’s states are legal': (trx) => message(trx, { accepted_at: null }),
  'whatever was sent was decided on': (trx) =>
    sql`delete from decisions where message_id = ${world.message}`.execute(trx),
  'whatever was decided to be sent is in the ledger': (trx) =>
    plantDecision(trx, world.ended, ago(186), { decision: 'send', reason: 'ok', message_id: randomUUID() }),
  'messages and blocks have their customers and runs': (trx) =>
    plantBlock(trx, randomUUID(), 'cart-1', { left_at: ago(1), result: 'passed' }),
  'a step is once in the ledger for each channel': async (trx) => {
    await sql`alter table messages drop constraint messages_once`.execute(trx);
    await plantSent(trx, world.ended, ago(185), { template: 'another' });
  },
  'no marketing message goes twice': (trx) => plantSent(trx, world.live, ago(20), { block: 'cart-2' }),
  'nothing that runs out is offered twice': (trx) => offerAgain(trx, 91),
  'nobody is told of a wish twice': (trx) => tellOfPriceAgain(trx, 20),
  'one order is followed at a time': async (trx) => {
    const of = (key: string) => ({
      workflow_id: `lifecycle:${world.customer}:${key}`,
      journey: 'lifecycle',
      class: 'lifecycle',
      key,
    });
    const older = await plantRun(trx, ago(150), { ...of('A-1'), ...endsAt(99) });
    await plantRun(trx, ago(120), { ...of('A-2'), ...endsAt(99) });
    await plantSent(trx, older, ago(100), { journey: 'lifecycle', block: 'news', template: 'news' });
  },
  'no message is left between reserved and sent': async (trx) => {
    const more = { state: 'reserved', accepted_at: null, block: 'cart-2', template: 'another' };
    await plantSent(trx, world.ended, ago(181), more);
  },
  'the policy’s caps are kept': async (trx) => {
    await plantSent(trx, world.ended, ago(184), { block: 'cart-2', template: 'second' });
    await plantSent(trx, world.ended, ago(183), { block: 'cart-3', template: 'third' });
  },
  'priorities are kept': async (trx) => {
    const waits = await plantRun(trx, ago(30), {
      ...endsAt(1),
      class: 'lifecycle',
      workflow_id: `welcome:${world.customer}`,
    });
    const details = JSON.stringify({ firstDue: ago(30), zone: 'UTC' });
    await plantDecision(trx, waits, ago(25), { details, reason: 'quiet_hours', until: ago(15) });
    // Two of a lower class take the week's slots while it waits.
    await plantSent(trx, world.live, ago(20), { block: 'cart-2', template: 'second' });
    await plantSent(trx, world.live, ago(16.5), { block: 'cart-3', template: 'third' });
    await plantDecision(trx, waits, ago(15), { details });
  },
  'nothing is submitted after a no': (trx) => sayNo(trx, ago(186)),
  'a promo code has one owner': async (trx) => {
    await plantCode(trx, 'FREE-2', { code: 'free-1' });
    await trx.updateTable('promo_codes').set({ key: 'free-1' }).where('key', '=', 'FREE-2').execute();
  },
  'who was given a promo code was told of it': (trx) => plantCode(trx, 'LOST-1', { ...given, block: 'cart-9' }),
  'a promo code is redeemed by an order that carries it': (trx) =>
    trx
      .updateTable('orders')
      .set({ codes: ['OTHER'] })
      .where('order_id', '=', 'A-1')
      .execute(),
  'no pool has more promo codes than it may': async (trx) => {
    const made = { kind: 'generated', pattern: '??????', ahead: 1, most: 1, seed: Buffer.from('seed') };
    await trx.updateTable('promo_pools').set(made).execute();
  },
  'every live run waits with a deadline': (trx) => run(trx, world.live, { due_at: null, plan: null }),
  'no run is left behind': (trx) => run(trx, world.live, { due_at: ago(3) }),
  'what has ended is whole': (trx) => run(trx, world.ended, { outcome: null }),
  'who went through what goes once does not again': async (trx) => {
    const welcome = { workflow_id: `welcome:${world.customer}`, journey: 'welcome', class: 'lifecycle', key: '' };
    for (const hours of [100, 60]) await plantRun(trx, ago(hours), { ...welcome, ...endsAt(hours - 1) });
  },
  'only live runs plan': (trx) => run(trx, world.ended, { plan: '{}' }),
  'a run waits in one block': (trx) => plantBlock(trx, world.live, 'cart-3'),
  'block counts balance': async (trx) => {
    await sql`alter table run_blocks drop constraint run_blocks_check`.execute(trx);
    await trx.updateTable('run_blocks').set({ result: null }).where('run_id', '=', world.ended).execute();
  },
  'no start is left behind': async (trx) => {
    const start = { journey: 'at-risk', customer_id: world.customer, key: 'personal:2026-03-05', profile: 'personal' };
    await trx
      .insertInto('waiting_starts')
      .values({ ...start, reason: 'at_risk', since: ago(50), due_at: ago(2) })
      .execute();
  },
  'the outbox is drained': async (trx) => {
    const row = { workflow_id: 'abandonment:x', signal: 'start', journey: 'abandonment', customer_id: world.customer };
    const more = { key: 'personal', reason: 'page', occurred_at: now, claimed_until: now };
    await trx
      .insertInto('outbox')
      .values({ ...row, ...more })
      .execute();
  },
  'an item has one holder at a time': (trx) => hold(trx, queue.let, { ended_at: ago(11) }),
  'queues are served in order': (trx) =>
    trx
      .updateTable('queue_places')
      .set({ ended_at: ago(11) })
      .where('id', '=', queue.first)
      .execute(),
  'every hold ends, or has a deadline': (trx) => hold(trx, queue.kept, { until: ago(3) }),
  'nobody in a queue is forgotten': (trx) => sql`delete from queue_notices`.execute(trx),
};

/** Two runs that offered soap: an hour ago, and so many hours ago. */
const offerAgain = (trx: Trx, hours: number) =>
  tellAgain(trx, hours, { journey: 'replenishment', class: 'lifecycle', template: 'running-out' });

const tellOfPriceAgain = (trx: Trx, hours: number) =>
  tellAgain(trx, hours, { journey: 'item-event', class: 'item_event', template: 'price-drop' });

/** Two runs that speak of the same: one so many hours ago, one an hour ago. */
async function tellAgain(
  trx: Trx,
  hours: number,
  { journey, class: rank, template }: { journey: string; class: string; template: string },
): Promise<void> {
  for (const at of [hours, 1]) {
    const workflow_id = `${journey}:${world.customer}`;
    const id = await plantRun(trx, ago(at + 1), { journey, class: rank, key: '', workflow_id, ...endsAt(at - 0.5) });
    await plantSent(trx, id, ago(at), { journey, template, goods: ['soap', `lamp-${at}`] });
  }
}

const endsAt = (hours: number) => ({ ended_at: ago(hours), outcome: 'completed' });

function sayNo(trx: Trx, at: Date, more: object = {}) {
  const word = { purpose: 'advertising', channel: 'email', state: 'denied', source: 'one-click', at };
  return trx
    .insertInto('consents')
    .values({ id: newId(at), customer_id: world.customer, ...word, ...more })
    .execute();
}

class Undo extends Error {}

/** What is found with a defect, which is undone then. */
async function foundWith(
  defect: (trx: Trx) => Promise<unknown>,
  options: { isAtRest?: boolean } = {},
): Promise<string[]> {
  let found: string[] = [];
  const trying = db.transaction().execute(async (trx) => {
    await defect(trx);
    const violations = await checkInvariants(trx, { now, isAtRest: true, journeys, ...options });
    found = violations.map(({ invariant }) => invariant);
    throw new Undo();
  });
  await expect(trying).rejects.toThrow(Undo);
  return found;
}

test('where all is whole nothing is found, at any moment and at rest', async () => {
  expect(await checkInvariants(db, { now, journeys })).toEqual([]);
  expect(await checkInvariants(db, { now, journeys, isAtRest: true })).toEqual([]);
});

describe('a planted defect is found, as what it is', () => {
  test.each(Object.keys(invariants) as InvariantName[])('%s', async (name) => {
    expect(await foundWith(defects[name])).toEqual([name]);
  });
});

describe('what is no defect is none', () => {
  test('what is on its way, while not everything is at rest', async () => {
    for (const name of ['the outbox is drained', 'no run is left behind', 'no start is left behind'] as const)
      expect(await foundWith(defects[name], { isAtRest: false })).toEqual([]);
    const between = (trx: Trx) => run(trx, world.live, { block: null, due_at: null, plan: null });
    const unblocked = async (trx: Trx) => {
      await between(trx);
      await trx.deleteFrom('run_blocks').where('run_id', '=', world.live).execute();
    };
    expect(await foundWith(unblocked, { isAtRest: false })).toEqual([]);
  });

  test('a third message once the first has left the window, or one that failed', async () => {
    const late = async (trx: Trx) => {
      await plantSent(trx, world.ended, ago(184), { block: 'cart-2', template: 'second' });
      await plantSent(trx, world.live, ago(16), { block: 'cart-3', template: 'third' });
    };
    expect(await foundWith(late)).toEqual([]);
    const failed = async (trx: Trx) => {
      await message(trx, { state: 'failed', failed_at: ago(184.5) });
      await plantSent(trx, world.ended, ago(184), { block: 'cart-2', template: 'second' });
      await plantSent(trx, world.ended, ago(183), { block: 'cart-3', template: 'third' });
    };
    expect(await foundWith(failed)).toEqual([]);
  });

  test('more than a policy of later allows', async () => {
    const stricter = async (trx: Trx) => {
      const rule = {
        name: 'none',
        channels: [],
        classes: [],
        max: 0,
        window: 'P7D',
        clock: 'rolling',
        unit: 'message',
      };
      await saveSettings(trx, 'policy', { rules: [rule] }, 'test', ago(100));
    };
    expect(await foundWith(stricter)).toEqual([]);
  });

  test('a no that was heard after the message went, though it was said before; and a yes after a no', async () => {
    const heardLate = async (trx: Trx) => {
      await sayNo(trx, ago(186), { source: 'Unsubscribed' });
      const event = { id: newId(ago(100)), received_at: ago(100), occurred_at: ago(186), source_id: world.source };
      const more = { message_id: 'late', type: 'track', name: 'Unsubscribed', customer_id: world.customer };
      await trx
        .insertInto('events')
        .values({ ...event, ...more, profile: 'personal', payload: '{}' })
        .execute();
      await sql`insert into event_keys (hash) values (substring(sha256(convert_to(${`${world.source} late`}, 'UTF8')) from 1 for 16))`.execute(
        trx,
      );
    };
    expect(await foundWith(heardLate)).toEqual([]);
    const changedMind = async (trx: Trx) => {
      await sayNo(trx, ago(188));
      await sayNo(trx, ago(187), { state: 'granted', source: 'page' });
    };
    expect(await foundWith(changedMind)).toEqual([]);
  });

  test('the same words on other goods, or after the days that the journey lets pass', async () => {
    const others = (trx: Trx) => plantSent(trx, world.live, ago(20), { block: 'cart-2', goods: ['rug'] });
    expect(await foundWith(others)).toEqual([]);
    const later = (trx: Trx) => plantSent(trx, world.live, ago(16), { block: 'cart-2' });
    expect(await foundWith(later)).toEqual([]);
  });

  test('what runs out again: bought in between, or offered longer ago than the pause', async () => {
    const bought = async (trx: Trx) => {
      await offerAgain(trx, 91);
      await trx
        .insertInto('order_lines')
        .values({ order_id: 'A-1', product_id: 'soap', quantity: 1, price: 100 })
        .execute();
      await trx
        .updateTable('orders')
        .set({ placed_at: ago(50) })
        .where('order_id', '=', 'A-1')
        .execute();
    };
    expect(await foundWith(bought)).toEqual([]);
    expect(await foundWith((trx) => offerAgain(trx, 8 * 24))).toEqual([]);
    expect(await foundWith((trx) => tellOfPriceAgain(trx, 26))).toEqual([]);
  });

  test('a slot that somebody of a higher class took meanwhile', async () => {
    const taken = async (trx: Trx) => {
      await defects['priorities are kept'](trx);
      await trx.updateTable('messages').set({ class: 'lifecycle' }).where('template', '=', 'third').execute();
    };
    expect(await foundWith(taken)).toEqual([]);
  });
});

test('violations say where: by ids, and nothing personal', async () => {
  await db
    .transaction()
    .execute(async (trx) => {
      await run(trx, world.live, { due_at: null, plan: null });
      const [violation] = await checkInvariants(trx, { now });
      expect(violation?.what).toBe(`run ${world.live} lives and has no deadline`);
      throw new Undo();
    })
    .catch((error: unknown) => expect(error).toBeInstanceOf(Undo));
});
