import { randomUUID } from 'node:crypto';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { createActivities } from '#activities/index.ts';
import type { Channel } from '#channels/channel.ts';
import { createIntake } from '#db/intake.ts';
import { upsertProducts } from '#db/products.ts';
import { saveSettings } from '#db/settings.ts';
import { scaledClock } from '#domain/clock.ts';
import type { Effect } from '#domain/events.ts';
import { workflowId } from '#domain/ids.ts';
import type { FinishAnswer } from '#domain/journey.ts';
import { defaultShop } from '#domain/shop.ts';
import { createRelay } from '#relay/relay.ts';
import { temporalPort } from '#relay/temporal.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { freshDatabase } from '#test/support/database.ts';
import { devServer } from '#test/support/temporal.ts';
import { workflowBundle } from '#worker/bundle.ts';
import { routing } from '#workflows/catalogue.ts';
import { outbox, silent, time, until } from './signals.ts';

// Activity that comes while a run ends must not be forgotten: each test forces one moment of that race. A run about a
// viewed lamp ends by itself; at the forced moment a chair goes into the cart, and a message about it must follow.

const { db, pool } = await freshDatabase();
const environment = await devServer();
const clock = scaledClock(time);
const port = temporalPort(environment.client, { taskQueue: 'journeys' });
const relay = createRelay({ db, port, time, log: silent });
const pushes: Promise<void>[] = [];
const intake = createIntake({ pool, clock, routing, onOutbox: (rows) => void pushes.push(relay.push(rows)) });
const mail: Channel = {
  name: 'email',
  provider: 'test',
  submit: async ({ id }) => ({ result: 'accepted', providerId: id }),
  close: async () => {},
};

/** The moment that a test forces: around closing the run, or between closing and the end of the workflow. */
interface Moment {
  finish?(finish: () => Promise<FinishAnswer>): Promise<FinishAnswer>;
  completing?(): Promise<void>;
}
let moment: Moment = {};
let user = '';

await startWorkers();
await setTheShopUp();
beforeEach(async () => {
  moment = {};
  user = randomUUID();
});
afterAll(async () => {
  await intake.close();
  await relay.close();
});

async function startWorkers(): Promise<void> {
  const log = { info: () => {}, warn: () => {} };
  const deps = {
    db,
    clock,
    channels: { email: mail },
    renderer: await createRenderer(),
    publicUrl: 'https://x.example',
  };
  const activities = createActivities({ ...deps, secret: 'a secret', log });
  const common = {
    connection: environment.nativeConnection,
    activities: {
      ...activities,
      finish: (request: Parameters<typeof activities.finish>[0]) => {
        const { finish } = moment;
        delete moment.finish;
        return finish ? finish(() => activities.finish(request)) : activities.finish(request);
      },
    },
    dataConverter: { payloadCodecs: [{ encode: onOutcome, decode: async <T>(payloads: T) => payloads }] },
  };
  const workers = await Promise.all([
    Worker.create({ ...common, taskQueue: 'journeys', workflowBundle: await workflowBundle() }),
    Worker.create({ ...common, taskQueue: 'send-email' }),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));
  afterAll(async () => {
    for (const worker of workers) worker.shutdown();
    await running;
  });
}

/** Changes nothing: it is asked about a workflow's result after the workflow gave it and before the server has it. */
async function onOutcome<T extends { data?: Uint8Array | null }>(payloads: T[]): Promise<T[]> {
  const { completing } = moment;
  const isOutcome = payloads.some(({ data }) => data && Buffer.from(data).toString() === '"completed"');
  if (isOutcome && completing) {
    delete moment.completing;
    await completing();
  }
  return payloads;
}

async function setTheShopUp(): Promise<void> {
  const at = clock.now();
  const atOnce = (message: string) => ({ idle: 'PT0S', steps: [{ message, after: 'PT0S' }] });
  const branches = { view: atOnce('view'), cart: atOnce('cart-reminder') };
  await saveSettings(db, 'shop', { ...defaultShop, quietHours: { from: '00:00', to: '00:00' } }, 'test', at);
  await saveSettings(db, 'abandonment', { branches }, 'test', at);
  const unknown = { sku: null, imageUrl: null, category: null, brand: null, attributes: {} };
  const goods = ['lamp', 'chair'].map((id) => ({
    id,
    name: id,
    url: `https://shop.example/${id}`,
    ...unknown,
    offers: [{ region: '*', price: { amount: 1000, currency: 'RUB' }, oldPrice: null, stock: 5 }],
  }));
  await upsertProducts(db, goods, at);
}

async function happens(name: string, effects: Effect[]): Promise<void> {
  const at = clock.now();
  const who = { userId: user, email: `${user}@example.com` };
  const event = { messageId: randomUUID(), type: 'track' as const, name, occurredAt: at, receivedAt: at, who, effects };
  await intake.submit(randomUUID(), [{ ...event, profile: 'personal', payload: '{}' }]);
}

async function looksAtALamp(): Promise<void> {
  const contact: Effect = { do: 'contact', channel: 'email', address: `${user}@example.com` };
  await happens('Product Viewed', [contact, { do: 'activity' }, { do: 'view', ref: 'lamp' }]);
}

const putsAChairIntoTheCart = () =>
  happens('Product Added', [{ do: 'activity' }, { do: 'cart_add', product: 'chair', quantity: 1 }]);

async function customer(): Promise<string> {
  const query = db.selectFrom('identities').select('customer_id').where('value', '=', user);
  return (await query.executeTakeFirstOrThrow()).customer_id;
}

/** The newest run has read all that the customer did, and both goods were spoken of, each once. */
async function expectTheChairToBeSpokenOf(): Promise<void> {
  const id = await customer();
  const messages = db.selectFrom('messages').select(['block', 'goods', 'state']).where('customer_id', '=', id);
  const sent = () => messages.orderBy('accepted_at').execute();
  const ofRuns = db.selectFrom('runs').select(['ended_at', 'read_seq']).where('customer_id', '=', id);
  const runs = () => ofRuns.orderBy('entered_at').execute();
  // The next test's moment must not find a workflow of this one.
  const isDone = async () => (await port.describe(workflowId('abandonment', id, 'personal')))?.state === 'completed';
  const isQuiet = async () => (await runs()).every((run) => run.ended_at !== null) && (await outbox(db)).length === 0;
  await until(async () => (await sent()).length > 1 && (await isQuiet()) && (await isDone()));

  expect(await sent()).toEqual([
    { block: 'view-1', goods: ['lamp'], state: 'accepted' },
    { block: 'cart-1', goods: ['chair'], state: 'accepted' },
  ]);
  const profile = db.selectFrom('profiles').select('activity_seq').where('customer_id', '=', id);
  const { activity_seq } = await profile.executeTakeFirstOrThrow();
  expect((await runs()).at(-1)?.read_seq).toBe(activity_seq);
  expect(moment, 'the moment came').toEqual({});
}

/** Waits until so many sessions of this database wait for a lock. */
async function waiters(count: number): Promise<void> {
  await until(async () => {
    const { rows } = await pool.query<{ waiting: number }>(
      `select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows[0]?.waiting === count;
  });
}

/** Holds what `statement` locks while `act` runs up to the point at which it gives the lock back itself. */
async function holding<T>(statement: string, act: (release: () => Promise<unknown>) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(statement);
    return await act(() => client.query('rollback'));
  } finally {
    client.release();
  }
}

test('activity that committed just before the run is closed', async () => {
  moment.finish = async (finish) => {
    await putsAChairIntoTheCart();
    return finish();
  };
  await looksAtALamp();
  await expectTheChairToBeSpokenOf();
});

test('activity whose transaction the closing has to wait for', async () => {
  moment.finish = (finish) =>
    holding('lock table cart_items in share mode', async (release) => {
      const added = putsAChairIntoTheCart();
      await waiters(1);
      const finished = finish();
      await waiters(2);
      await release();
      await added;
      return finished;
    });
  await looksAtALamp();
  await expectTheChairToBeSpokenOf();
});

test('activity that has to wait for the closing', async () => {
  let added: Promise<void> | undefined;
  moment.finish = (finish) =>
    holding('select from runs where ended_at is null for update', async (release) => {
      const finished = finish();
      await waiters(1);
      added = putsAChairIntoTheCart();
      await waiters(2);
      await release();
      return finished;
    });
  await looksAtALamp();
  await expectTheChairToBeSpokenOf();
  await added;
});

test('activity after the run is closed, its signal reaching the workflow that is about to end', async () => {
  moment.finish = async (finish) => {
    const answer = await finish();
    await putsAChairIntoTheCart();
    await Promise.all(pushes);
    return answer;
  };
  await looksAtALamp();
  await expectTheChairToBeSpokenOf();
});

test('a signal that comes while the workflow hands its outcome in', async () => {
  moment.completing = async () => {
    await putsAChairIntoTheCart();
    await Promise.all(pushes);
  };
  await looksAtALamp();
  await expectTheChairToBeSpokenOf();
});

test('activity after the workflow has ended', async () => {
  await looksAtALamp();
  const id = workflowId('abandonment', await customer(), 'personal');
  await until(async () => (await port.describe(id))?.state === 'completed');
  await putsAChairIntoTheCart();
  await expectTheChairToBeSpokenOf();
});
