import { describe, expect, test } from 'vitest';
import { freshDatabase } from '#test/support/database.ts';
import { seed } from './seed.ts';
import { testGateway } from './support.ts';

const database = await freshDatabase();
const { call } = await testGateway(database);
const seeded = await seed(database.db);
const { customer, merged, erased } = seeded;

async function pages(path: string, limit: number) {
  const items = [];
  let next: string | null = null;
  do {
    const cursor: string = next === null ? '' : `&cursor=${next}`;
    const { body } = await call('GET', `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor}`);
    items.push(...body.items);
    next = body.next;
  } while (next !== null);
  return items;
}

describe('finding customers', () => {
  test.each([
    ['email=Anna%40Example.com', 1],
    ['phone=%2B7%20916%20123-45-67', 1],
    ['phone=8%20(916)%20123-45-67', 1],
    ['userId=anna', 1],
    ['userId=anna&email=anna%40example.com', 1],
    ['userId=nobody', 0],
    ['userId=anna&email=other%40example.com', 0],
  ])('by %s: %i', async (query, found) => {
    const { body } = await call('GET', `/customers?${query}`);
    expect(body.items.map((item: { id: string }) => item.id)).toEqual(found ? [customer] : []);
  });

  test('a misspelt filter is refused, not ignored', async () => {
    const { body } = await call('GET', '/customers?mail=anna%40example.com');
    expect(body).toMatchObject({ code: 'invalid_request', errors: [{ field: 'mail' }] });
  });
});

describe('one customer', () => {
  test('has profiles, identities, cart, interests, orders, open runs and reach', async () => {
    const { body } = await call('GET', `/customers/${customer}`);
    expect(body).toMatchObject({ id: customer, kind: 'b2c', region: 'msk', mergedFrom: null });
    expect(body.profiles.map((row: { kind: string }) => row.kind)).toEqual(['personal', 'corporate']);
    expect(body.identities).toHaveLength(4);
    expect(body.cart).toMatchObject([{ productId: 'kettle', quantity: 2 }]);
    expect(body.interests).toMatchObject([{ kind: 'view', ref: 'kettle', times: 3 }]);
    expect(body.orders).toMatchObject([{ orderId: 'o-1', total: { amount: 120000, currency: 'RUB' } }]);
    expect(body.runs).toMatchObject([{ journey: 'abandonment', block: 'cart-2' }]);
    expect(body.reachability).toMatchObject([
      { profile: 'personal', marketing: { reachable: true, reason: null } },
      { profile: 'corporate', marketing: { reachable: false, reason: 'no_address' } },
    ]);
  });

  test('who is suppressed or has denied is not reachable, and it says why', async () => {
    const { db } = database;
    const at = new Date();
    await db
      .insertInto('suppressions')
      .values({ channel: 'email', address: 'anna@example.com', reason: 'complained', at })
      .execute();
    const reach = async () => (await call('GET', `/customers/${customer}`)).body.reachability[0];
    expect(await reach()).toMatchObject({ marketing: { reason: 'complained' }, service: { reachable: true } });
    await db.deleteFrom('suppressions').execute();
    await db.updateTable('consent_states').set({ state: 'denied' }).execute();
    expect(await reach()).toMatchObject({ marketing: { reason: 'unsubscribed' }, service: { reachable: true } });
    await db.updateTable('consent_states').set({ state: 'granted' }).execute();
  });

  test('who was merged leads to the survivor; who was erased is gone; who never was is not found', async () => {
    expect((await call('GET', `/customers/${merged}`)).body).toMatchObject({ id: customer, mergedFrom: merged });
    const goneFor = ['', '/timeline', '/decisions'].map((part) => call('GET', `/customers/${erased}${part}`));
    for (const answer of await Promise.all(goneFor)) {
      expect(answer).toMatchObject({ status: 410, body: { code: 'customer_erased' } });
    }
    const nobody = '0195a000-0000-7000-8000-000000000000';
    expect((await call('GET', `/customers/${nobody}`)).body.code).toBe('customer_not_found');
    expect((await call('GET', '/customers/not-an-id')).body).toMatchObject({ status: 400, errors: [{ field: 'id' }] });
  });
});

describe('history', () => {
  test('is one line of events, decisions, messages and engagement, newest first, that of merged ones too', async () => {
    const entries = await pages(`/customers/${merged}/timeline`, 200);
    const said = entries.map((entry) => `${entry.type}:${entry[entry.type].name ?? entry[entry.type].kind}`);
    expect(said).toHaveLength(10);
    expect(said.slice(0, 2)).toEqual(['engagement:clicked', 'engagement:opened']);
    expect(said.slice(-4)).toEqual(['event:Cart Viewed', 'event:Product Added', 'event:Product Viewed', 'event:page']);
    // At one instant the effect is newer than its cause.
    expect(said.slice(2, 5)).toEqual(['message:marketing', 'message:marketing', 'decision:undefined']);
    const times = entries.map((entry) => entry.at);
    expect(times).toEqual(times.toSorted().reverse());
  });

  test.each([1, 2, 3])('pages of %i miss and repeat nothing', async (limit) => {
    const all = await pages(`/customers/${customer}/timeline`, 200);
    expect(await pages(`/customers/${customer}/timeline`, limit)).toEqual(all);
  });

  test('decisions and messages have the documented shape', async () => {
    const decisions = await pages(`/customers/${customer}/decisions`, 1);
    expect(decisions).toMatchObject([
      { decision: 'send', reason: 'ok', step: 'cart-1', runId: seeded.runs[0], until: null },
      { decision: 'defer', reason: 'quiet_hours' },
    ]);
    const messages = await pages(`/messages?customerId=${merged}&journey=abandonment`, 1);
    expect(messages.map((message) => message.id)).toEqual(seeded.messages.toReversed());
    expect(await pages(`/messages?state=accepted`, 10)).toMatchObject([
      { customerId: customer, step: 'cart-1', openedAt: null, acceptedAt: '2026-03-02T09:00:01.001Z' },
    ]);
    expect((await call('GET', `/messages/${messages[0].id}`)).body).toEqual(messages[0]);
    expect((await call('GET', '/messages?state=lost')).status).toBe(400);
  });
});
