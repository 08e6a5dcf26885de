import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, expect, inject, test } from 'vitest';
import { readBusinessClock } from '#db/business-clock.ts';
import { connect, createPool } from '#db/connect.ts';
import { checkInvariants } from '#db/invariants.ts';
import { scaledClock, toBusiness } from '#domain/clock.ts';
import { durationMs } from '#domain/duration.ts';
import { poll } from '#scripts/provision/processes.ts';
import { faultyServer } from '#test/channels/email/smtp.ts';
import { Plant } from './plant.ts';
import { createQueuers, queuedItems } from './queuers.ts';
import { goods, prepareShop } from './shop.ts';
import { ShopClient, seeded, shuffled } from './shopper.ts';
import { standing } from './standing.ts';

// A day in 20 seconds: a cart's four messages take about ten.
const scale = durationMs('P1D') / 20_000;
/** Of the order of the faults and of what shoppers do; another one to look for trouble elsewhere. */
const seed = Number(process.env.FAULTS_SEED ?? 20_261_122);
const places = 30;
/** What a machine that does other things too may take: until something goes on, and until leases (90 s) and heartbeats of the dead are over. */
const patience = { goesOn: 120_000, rests: 300_000, all: 900_000 };

const smtp = await faultyServer();
const dir = join(inject('runFolder'), `faults-${process.pid}`);
const plant = await Plant.start({ dir, temporalCli: inject('temporalCli'), smtpPort: smtp.port, scale });
const pool = createPool(plant.databaseUrl, 3);
const db = connect(pool);
afterAll(async () => {
  await pool.end();
  await plant.stop();
  await smtp.close();
});

const headerOf = ({ email }: (typeof smtp.received)[number], name: string) =>
  email.headers.find(({ key }) => key === name)?.value ?? '';
const mailsTo = (address: string) =>
  smtp.received.filter(({ email }) => email.to?.some((to) => to.address === address));
const messageOf = (mail: (typeof smtp.received)[number]) => headerOf(mail, 'x-vestnik-message');
const emailOf = (id: string) => `${id}@example.com`;

/** What shoppers were told, and when, by business time. */
const ordered = new Map<string, number>();
const unsubscribed = new Map<string, number>();

const client = new ShopClient(plant.url, plant.writeKey);
const random = seeded(seed);
let isOver = false;
const queuers = createQueuers({
  client,
  dice: seeded(seed + 1),
  isOver: () => isOver,
  lettersTo: (userId) => mailsTo(emailOf(userId)).length,
});

/** One place in the shop: whoever has left it is followed by somebody new. */
async function visits(place: number): Promise<void> {
  for (let visitor = 0; !isOver; visitor++)
    await visit(`shopper-${place}-${visitor}`, place % 3, seeded(seed + place * 100 + visitor));
}

/** Fills a cart, gets some letters about it, and leaves: by an order, by the link of a letter, or for good. */
async function visit(userId: string, manner: number, dice: () => number): Promise<void> {
  let count = 0;
  const call: Call = (type, body) => client.call(type, `${userId}-${++count}`, { userId, ...body });
  const add = () => {
    const product_id = goods[Math.floor(dice() * goods.length)];
    return call('track', { event: 'Product Added', properties: { product_id } });
  };
  await call('identify', { traits: { email: emailOf(userId) } });
  await add();
  const letters = 1 + Math.floor(dice() * 3);
  while (mailsTo(emailOf(userId)).length < letters) {
    if (isOver) return;
    await sleep(100);
  }
  if (manner === 0) await order(userId, call);
  if (manner === 1) await unsubscribe(userId);
  if (manner !== 0) await add();
}

type Call = (type: 'identify' | 'track', body: object) => Promise<void>;

async function order(userId: string, call: Call): Promise<void> {
  const products = goods.map((product_id) => ({ product_id, quantity: 1, price: 1 }));
  const properties = { order_id: `order-${userId}`, total: 5, currency: 'RUB', products };
  await call('track', { event: 'Order Completed', properties });
  ordered.set(userId, Date.now());
}

/** The one click of a mail program (RFC 8058). */
async function unsubscribe(userId: string): Promise<void> {
  const letter = mailsTo(emailOf(userId)).at(-1);
  const link = /<([^>]+)>/.exec(letter ? headerOf(letter, 'list-unsubscribe') : '')?.[1] ?? '';
  const body = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' });
  const answer = await client.untilAnswered(link, { method: 'POST', body });
  expect(answer.status, link).toBe(200);
  unsubscribed.set(userId, Date.now());
}

/** At the worst moment: the provider has taken a message, and the worker does not live to hear so. */
async function killWorker(): Promise<void> {
  smtp.plan.fault = 'stall-reply';
  const before = smtp.received.length;
  // A marketing one: nobody can be asked whether it went, and it must not go again.
  const stalled = () => smtp.received.slice(before).filter((mail) => headerOf(mail, 'list-unsubscribe') !== '');
  await expect.poll(() => stalled().length, { timeout: patience.goesOn }).toBeGreaterThan(0);
  await plant.kill('worker');
  delete smtp.plan.fault;
  smtp.hangUp();
  // What time does to the leases of the dead.
  await db
    .updateTable('messages')
    .set({ lease_until: new Date(0) })
    .where('state', '=', 'submitting')
    .execute();
  await plant.startWorker();
}

const faults: Record<string, () => Promise<void>> = {
  'kill -9 of the gateway': async () => {
    await plant.kill('gateway');
    await plant.startGateway();
  },
  'kill -9 of the worker': killWorker,
  'a crash of PostgreSQL': async () => {
    await plant.crashPostgres();
    await plant.startPostgres();
  },
  'a restart of Temporal': async () => {
    await plant.stopTemporal();
    await plant.startTemporal();
  },
  'SIGTERM to the gateway': async () => {
    expect(await plant.end('gateway')).toBe('exit code 0');
    await plant.startGateway();
  },
  'SIGTERM to the worker': async () => {
    expect(await plant.end('worker')).toBe('exit code 0');
    await plant.startWorker();
  },
};

/** After each fault, events are taken and messages go again before the next. */
async function befall(name: string): Promise<void> {
  await faults[name]?.();
  const [events, mails] = [client.answered.size, smtp.received.length];
  const goesOn = () => client.answered.size > events && smtp.received.length > mails;
  if (!(await poll(() => goesOn() || undefined, 100, patience.goesOn)))
    expect.fail(`nothing goes on after ${name}: ${client.answered.size} answered, ${smtp.received.length} mails`);
}

test(`faults lose nothing and double nothing (seed ${seed})`, { timeout: patience.all }, async () => {
  await everything().catch(async (error: unknown) => {
    isOver = true;
    if (error instanceof Error) error.message += `\nseed ${seed}\n${await standing(db, plant)}`;
    throw error;
  });
});

async function everything(): Promise<void> {
  await prepareShop(plant);
  const shoppers = Promise.all([...Array.from({ length: places }, (_, place) => visits(place)), queuers.queue()]);
  await Promise.all([shoppers, breakEverything()]);
  await expect.poll(pending, { timeout: patience.rests, interval: 200 }).toEqual({ runs: 0, outbox: 0, workflows: [] });
  expect(await Promise.all([plant.end('gateway'), plant.end('worker')])).toEqual(['exit code 0', 'exit code 0']);
  await nothingIsBroken();
  await everyEventOnce();
  await mailboxAgreesWithLedger();
  await nothingAfterLeaving();
  await runsAreWhole();
  await queuesAreServed();
}

async function breakEverything(): Promise<void> {
  await expect.poll(() => smtp.received.length, { timeout: patience.goesOn }).toBeGreaterThan(0);
  for (const name of shuffled(Object.keys(faults), random)) await befall(name);
  // A slow machine serves fewer shoppers meanwhile; without some of each kind the invariants would say little.
  const left = () => Math.min(ordered.size, unsubscribed.size, queuers.rounds);
  await expect.poll(left, { timeout: patience.goesOn, interval: 200 }).toBeGreaterThan(queuedItems.length);
  isOver = true;
}

/** What has not come to its end. Asked while the worker still lives: regular jobs go on being started, and those that nobody takes
 *  are no fault of anybody's. */
async function pending() {
  return {
    runs: (await db.selectFrom('runs').select('workflow_id').where('ended_at', 'is', null).execute()).length,
    outbox: (await db.selectFrom('outbox').select('id').execute()).length,
    // A signal that comes to nothing has no row: its workflow looks, and ends.
    workflows: await workflowsThat(`ExecutionStatus NOT IN ('Completed', 'ContinuedAsNew')`),
  };
}

/** What the database alone can tell; what follows compares it with the world outside. */
async function nothingIsBroken(): Promise<void> {
  const time = await readBusinessClock(db);
  if (time === null) expect.fail('there is no business clock');
  expect(await checkInvariants(db, { now: scaledClock(time).now(), isAtRest: true })).toEqual([]);
}

async function everyEventOnce(): Promise<void> {
  expect(client.refused).toEqual([]);
  expect(client.repeats).toBeGreaterThan(0);
  const rows = await db.selectFrom('events').select('message_id').execute();
  const stored = rows.map((row) => row.message_id);
  expect([...client.answered].filter((id) => !stored.includes(id))).toEqual([]);
  expect(stored.filter((id) => !client.sent.has(id))).toEqual([]);
}

/** Every marketing letter went once; only of `unknown` ones the ledger cannot say whether they did. A service letter whose fate a crash
 *  has hidden goes again, under the same Message-ID. */
async function mailboxAgreesWithLedger(): Promise<void> {
  const mails = smtp.received.map(messageOf);
  const marketing = smtp.received.filter((mail) => headerOf(mail, 'list-unsubscribe') !== '').map(messageOf);
  expect(new Set(marketing).size).toBe(marketing.length);
  const rows = await db.selectFrom('messages').select(['id', 'state', 'failed_reason']).execute();
  const inState = (state: string) => rows.filter((row) => row.state === state).map((row) => row.id);
  const [accepted, unknown] = [inState('accepted'), inState('unknown')];
  expect(accepted.filter((id) => !mails.includes(id))).toEqual([]);
  expect(mails.filter((id) => !accepted.includes(id) && !unknown.includes(id))).toEqual([]);
  expect(unknown.length).toBeGreaterThan(0);
  expect(rows.filter((row) => !['accepted', 'unknown', 'dropped'].includes(row.state))).toEqual([]);
}

async function nothingAfterLeaving(): Promise<void> {
  const clock = await db.selectFrom('business_clock').select(['origin', 'scale']).executeTakeFirstOrThrow();
  const business = (wall: number) => toBusiness(wall, { origin: clock.origin.getTime(), scale: clock.scale });
  for (const [userId, answeredAt] of [...ordered, ...unsubscribed]) {
    const ids = mailsTo(emailOf(userId)).map(messageOf);
    const sends = db.selectFrom('decisions').select(['at', 'block']).where('decision', '=', 'send');
    const late = await sends
      .where('message_id', 'in', ids)
      .where('at', '>', new Date(business(answeredAt)))
      .execute();
    expect(late, userId).toEqual([]);
  }
}

async function runsAreWhole(): Promise<void> {
  const runs = await db.selectFrom('runs').select('outcome').execute();
  const outcomes = new Set(runs.map((run) => run.outcome));
  expect(
    [...outcomes].filter((outcome) => !/^(goal|completed|nothing_left|exited:unsubscribed)$/.test(outcome ?? '')),
  ).toEqual([]);
  expect([...outcomes]).toEqual(expect.arrayContaining(['goal', 'completed', 'exited:unsubscribed']));
}

async function workflowsThat(query: string): Promise<string[]> {
  const connection = await Connection.connect({ address: plant.temporalAddress });
  const found: string[] = [];
  for await (const { workflowId, status } of new Client({ connection }).workflow.list({ query }))
    found.push(`${workflowId} ${status.name}`);
  await connection.close();
  return found;
}

/** Nobody is lost: every place has ended, and nobody waits for what is sold. That holders came one after another and in their order, the
 *  invariants have looked after. */
async function queuesAreServed(): Promise<void> {
  expect(queuers.rounds).toBeGreaterThan(queuedItems.length);
  const places = await db.selectFrom('queue_places').select(['outcome', 'ended_at']).execute();
  const joined = await db
    .selectFrom('events')
    .select('customer_id')
    .distinct()
    .where('name', '=', 'Queue Joined')
    .execute();
  expect(new Set(places.map(({ outcome }) => outcome))).not.toContain(null);
  expect(places.length).toBeGreaterThanOrEqual(joined.length);
  const items = await db
    .selectFrom('items')
    .select(['id', 'state'])
    .where('id', 'in', [...queuedItems])
    .execute();
  expect(items.map(({ state }) => state)).toEqual(queuedItems.map(() => 'sold'));
  const open = await db.selectFrom('holds').select('id').where('ended_at', 'is', null).execute();
  expect(open).toEqual([]);
  const outcomes = await db.selectFrom('holds').select('outcome').distinct().execute();
  expect(outcomes.length).toBeGreaterThan(1);
}
