import { randomUUID } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, expect } from 'vitest';
import type { ActivityDeps } from '#activities/deps.ts';
import { createIntake } from '#db/intake.ts';
import { createKey } from '#db/keys.ts';
import type { OutboxRow } from '#db/outbox.ts';
import { saveSettings } from '#db/settings.ts';
import { type Clock, scaledClock } from '#domain/clock.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { createRelay } from '#relay/relay.ts';
import { temporalPort } from '#relay/temporal.ts';
import { poll } from '#scripts/provision/processes.ts';
import { testGateway } from '#test/api/support.ts';
import { type JourneyName, journeyNames, routing, settingsSchemas } from '#workflows/catalogue.ts';
import { type ServerClock, serverClock } from './clock.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { type Journeys, publicUrl, runJourneys } from './journeys.ts';
import type { Mail } from './mail.ts';

/** The whole system around one database and one Temporal server: HTTP in, message out. */
export type System = Awaited<ReturnType<typeof startSystem>>;

interface SystemOptions {
  /** Quiet hours are off unless a test is about them. */
  shop?: Partial<ShopSettings>;
  activities?: Partial<ActivityDeps>;
  clock?: Clock;
  database?: TestDatabase;
  /** The journeys that a test is about: others that the same events would start are switched off. */
  only?: readonly JourneyName[];
}

export async function startSystem(environment: TestWorkflowEnvironment, options: SystemOptions = {}) {
  const database = options.database ?? (await freshDatabase());
  const clock: Clock =
    options.clock ??
    (environment.supportsTimeSkipping ? await serverClock(environment) : scaledClock({ origin: 0, scale: 1 }));
  const shop = { ...defaultShop, quietHours: { from: '00:00', to: '00:00' }, ...options.shop };
  await saveSettings(database.db, 'shop', shop, 'test', clock.now());
  for (const name of journeyNames)
    if (options.only?.includes(name) === false)
      await saveSettings(database.db, name, settingsSchemas[name].parse({ enabled: false }), 'test', clock.now());
  const log = { info() {}, warn() {}, error() {} };
  const port = temporalPort(environment.client, { taskQueue: 'journeys' });
  const relay = createRelay({ db: database.db, port, time: clock.time, log });
  const pushes = new Set<Promise<void>>();
  const onOutbox = (rows: OutboxRow[]) => void pushes.add(relay.push(rows));
  const activities = { onOutbox, ...options.activities };
  const journeys: Journeys = await runJourneys(environment, database, clock, activities);
  // Leftovers are delivered as in production; not on the time-skipping server, where signals go while time is locked.
  if (!environment.supportsTimeSkipping) {
    relay.start();
    afterAll(() => relay.close());
  }
  const intake = createIntake({ pool: database.pool, clock, routing, onOutbox, shop: () => shop, isOn: () => true });
  const source = await createKey(database.db, 'sources', 'tests', clock.now());
  if (source === null) throw new Error('the source of the tests exists already');
  const writeKey = source.key;
  const gateway = await testGateway(database, {
    clock,
    intake,
    journeys: port,
    shop: () => shop,
    relay: { push: onOutbox, backlog: () => relay.backlog() },
    inbox: journeys.inbox.router,
    writeKey,
    links: { temporalUi: null, inbox: '/dev/inbox' },
    secret: journeys.deps.secret,
  });

  const refresh = () => (isServerClock(clock) ? clock.refresh() : Promise.resolve());

  async function send(call: string, body: object): Promise<void> {
    await refresh();
    const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const answer = await gateway.request(`/v1/${call}`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ messageId: randomUUID(), ...body }),
    });
    expect(answer.status, answer.text).toBe(200);
    await relayed();
  }

  /** Signals go while time is locked: see the traps of the test server. One that Temporal has not taken (a machine that is busy lets
   *  calls run out) has no loop that tries it again where time is skipped, and nobody would ever wake. */
  async function relayed(): Promise<void> {
    for (const push of pushes) {
      await push;
      pushes.delete(push);
    }
    if (!environment.supportsTimeSkipping) return;
    const isDrained = async () => (await relay.drain()) === 0 && (await relay.backlog()).waiting === 0;
    if (!(await poll(async () => (await isDrained()) || undefined, 50, 60_000)))
      throw new Error(`signals wait in the outbox: ${JSON.stringify(await relay.backlog())}`);
  }

  async function preference(mail: Mail | undefined, form: Record<string, string>): Promise<void> {
    await refresh();
    const link = /<(https:[^>]+)>/.exec(mail?.headers['list-unsubscribe'] ?? '')?.[1] ?? '';
    const body = new URLSearchParams(form);
    const answer = await gateway.request(link.replace(publicUrl, ''), { method: 'POST', body });
    expect(answer.status, answer.text).toBe(200);
    await relayed();
  }

  async function put(path: string, value: object): Promise<void> {
    const { status, text } = await gateway.call('PUT', path, value);
    expect(status, text).toBe(200);
  }

  return {
    ...database,
    ...gateway,
    clock,
    port,
    relay,
    environment,
    journeys,
    send,
    refresh,
    relayed,
    writeKey,
    identify: (userId: string, traits: object = {}) => send('identify', { userId, traits }),
    track: (userId: string, event: string, properties: object = {}, more: object = {}) =>
      send('track', { userId, event, properties, ...more }),
    page: (userId: string) => send('page', { userId }),
    /** Lets time pass on the time-skipping server. */
    pass: (duration: Parameters<TestWorkflowEnvironment['sleep']>[0]) => environment.sleep(duration),
    async inbox(to: string): Promise<Mail[]> {
      const { body } = await gateway.request(`/dev/inbox.json?to=${encodeURIComponent(to)}`);
      return body.items.toReversed();
    },
    shop,
    put,
    settings: (value: object) => put('/journeys/abandonment/settings', value),
    /** As a mail client does by one click (RFC 8058). */
    unsubscribe: (mail: Mail | undefined) => preference(mail, { 'List-Unsubscribe': 'One-Click' }),
    /** The button of the preference page. */
    resubscribe: (mail: Mail | undefined) => preference(mail, { action: 'resubscribe' }),
    /** Until the next full hour of that number in the zone. */
    async passUntil(hour: number, zone: string): Promise<void> {
      await refresh();
      const format = new Intl.DateTimeFormat('en-GB', {
        timeZone: zone,
        hour: 'numeric',
        minute: 'numeric',
        hourCycle: 'h23',
      });
      const [hours = 0, minutes = 0] = format.format(clock.now()).split(':').map(Number);
      await environment.sleep(((hour * 60 - hours * 60 - minutes + 1440) % 1440) * 60_000);
    },
    async stock(...products: TestProduct[]): Promise<void> {
      const items = products.map(toProduct);
      const { status, body } = await gateway.call('PUT', '/products', { items });
      expect([status, body.items?.filter((item: { status?: string }) => item.status === 'refused') ?? []]).toEqual([
        200,
        [],
      ]);
    },
  };
}

function isServerClock(clock: Clock): clock is ServerClock {
  return 'refresh' in clock;
}

export interface TestProduct {
  id: string;
  price?: number;
  oldPrice?: number;
  stock?: number;
  category?: string;
  attributes?: Record<string, unknown>;
}

function toProduct({ id, price = 100_000, oldPrice, stock = 5, category = 'Lamps', attributes = {} }: TestProduct) {
  const money = (amount: number) => ({ amount, currency: 'RUB' });
  const offer = {
    region: '*',
    price: money(price),
    stock,
    ...(oldPrice !== undefined && { oldPrice: money(oldPrice) }),
  };
  return { id, name: `Product ${id}`, url: `https://shop.example/p/${id}`, category, attributes, offers: [offer] };
}
