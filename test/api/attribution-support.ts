import type { Selectable } from 'kysely';
import { afterAll } from 'vitest';
import { createIntake } from '#db/intake.ts';
import { createKey } from '#db/keys.ts';
import type { Messages } from '#db/schema.ts';
import { messageToken } from '#rendering/tokens.ts';
import { freshDatabase } from '#test/support/database.ts';
import { routing } from '#workflows/catalogue.ts';
import { testGateway } from './support.ts';
import { browser, newMessage } from './tracking/support.ts';

const day = 86_400_000;
export const machine = 'Barracuda Sentinel (EE)';
export const rub = (amount: number) => ({ amount, currency: 'RUB' });

/** Where links of an abandoned cart's letter lead, with what is added to them. */
export const linkTo = (message: string, channel = 'email') =>
  `https://shop.example/cart?utm_source=vestnik&utm_medium=${channel}&utm_campaign=abandonment&utm_content=${message}`;

/** A shop whose customers click, come and order, all through the gateway; time is moved by hand. */
export async function attributionShop() {
  const database = await freshDatabase();
  const { db, pool } = database;
  let now = Date.parse('2026-01-01T00:00:00Z');
  let begun = now;
  const clock = { time: { origin: 0, scale: 1 }, now: () => new Date(now) };
  const intake = createIntake({ pool, clock, routing, onOutbox: () => {} });
  afterAll(() => intake.close());
  const gateway = await testGateway(database, { intake, clock });
  const { call, request, deps } = gateway;
  const writeKey = (await createKey(db, 'sources', 'site', clock.now()))?.key ?? '';

  async function told(path: string, said: object) {
    const body = JSON.stringify({ messageId: crypto.randomUUID(), writeKey, ...said });
    const { status } = await request(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    if (status !== 200) throw new Error(`${path} answered ${status}`);
  }

  const at = (days: number) => {
    now = begun + days * day;
  };

  return {
    db,
    call,
    instant: (days: number) => new Date(begun + days * day).toISOString(),
    /** Moves time to so many days after the beginning of the story. */
    at,
    /** A story of its own, a year after the one before. */
    begin() {
      begun += 365 * day;
      now = begun;
    },
    /** Somebody who has signed in. Answers their id here. */
    async known(userId: string, more: object = {}): Promise<string> {
      await told('/v1/identify', { userId, traits: { email: `${userId}@example.com` }, ...more });
      return (await call('GET', `/customers?userId=${userId}`)).body.items[0].id;
    },
    /** A message that a provider took a minute ago. */
    sent(customerId: string, change: Partial<Selectable<Messages>> = {}) {
      const sentAt = new Date(now - 60_000);
      const times = { reserved_at: sentAt, accepted_at: sentAt, due_at: sentAt };
      return newMessage(db, customerId, {
        links: [linkTo(change.template ?? 'cart-reminder', change.channel)],
        ...times,
        ...change,
      });
    },
    async click({ id }: { id: string }, userAgent = browser) {
      const path = `/t/c/${messageToken(deps.secret, id, 'c', 0)}`;
      return request(path, { headers: { 'user-agent': userAgent }, redirect: 'manual' });
    },
    /** As the website's script tells of a page. */
    visit(who: object, url: string, referrer = '') {
      return told('/v1/page', { ...who, context: { page: { url, referrer } } });
    },
    async order(userId: string, orderId: string, total: { amount: number; currency: string }, more: object = {}) {
      const { body } = await call('PUT', '/orders', { items: [{ orderId, userId, total, ...more }] });
      if (body.items[0].status !== 'stored') throw new Error(JSON.stringify(body));
    },
    async report(query: string, days: readonly [number, number] = [0, 100]) {
      const [from, to] = days.map((one) => new Date(begun + one * day).toISOString());
      return (await call('GET', `/reports/attribution?from=${from}&to=${to}&${query}`)).body;
    },
  };
}
