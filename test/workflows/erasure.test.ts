import { expect, test } from 'vitest';
import { suppress } from '#db/suppressions.ts';
import { workflowId } from '#domain/ids.ts';
import { messageToken } from '#rendering/tokens.ts';
import { customers, orderOf } from '#test/support/customers.ts';
import { historyText } from '#test/support/read-history.ts';
import { whereSaid } from '#test/support/said.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const system = await startSystem(await timeSkipping());
const customer = customers(system);
await system.stock({ id: 'lamp' }, { id: 'bulb' });

const browser = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Zhuravlev-Browser/147';

test('who is erased gets nothing more, and no word of theirs is left in the database or in Temporal', async () => {
  const traits = { firstName: 'Gleb', lastName: 'Zhuravlev', name: 'Gleb Zhuravlev', phone: '+79161234567' };
  await system.send('track', {
    anonymousId: 'visitor-zhuravlev',
    event: 'Product Viewed',
    properties: { product_id: 'bulb', url: 'https://shop.example/?who=zhuravlev' },
    context: { ip: '203.0.113.77', userAgent: browser },
  });
  const gleb = await customer({ ...traits, company: 'Secret Works' });
  await system.send('identify', { userId: gleb.id, anonymousId: 'visitor-zhuravlev', traits: { vip: 'Zhuravlev' } });
  await system.pass('1 minute');
  await system.track(gleb.id, 'Order Completed', { ...orderOf('bulb'), email: gleb.email, comment: 'for Zhuravlev' });
  await system.track(gleb.id, 'Consent Changed', {
    channel: 'email',
    state: 'granted',
    ip: '203.0.113.77',
    text_version: 'zhuravlev-1',
  });
  await system.pass('1 minute');
  for (const state of ['denied', 'granted']) {
    await system.track(gleb.id, 'Consent Changed', { channel: 'sms', state });
    await system.pass('1 minute');
  }
  const token = 'token-of-the-zhuravlev-phone';
  const devices = { items: [{ channel: 'app_push', token }] };
  expect((await system.call('PUT', `/customers/${gleb.customerId}/devices`, devices)).status).toBe(200);
  const chat = { kind: 'telegram', value: '7700123456', customer_id: gleb.customerId, since: system.clock.now() };
  await system.db.insertInto('identities').values(chat).execute();
  await system.track(gleb.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 hour');
  expect(await gleb.templates()).toHaveLength(1);
  const [message] = (await system.call('GET', `/messages?customerId=${gleb.customerId}`)).body.items;
  const pixel = `/t/o/${messageToken(system.deps.secret, message.id, 'o')}.gif`;
  await system.request(pixel, { headers: { 'user-agent': browser } });

  const words = [
    gleb.email,
    gleb.id,
    'Gleb',
    'Zhuravlev',
    '9161234567',
    'Secret Works',
    '203.0.113.77',
    token,
    chat.value,
  ];
  const before = await whereSaid(system, words);
  const places = [
    'identities.value',
    'profiles.email',
    'events.payload',
    'messages.address',
    'customers.traits',
    'devices.address',
  ];
  for (const place of places) expect(before.join('\n')).toContain(place);
  expect(before.join('\n')).toContain('message_events.user_agent');
  const waiting = system.db.selectFrom('opt_ins').select('channel').where('customer_id', '=', gleb.customerId);
  expect(await waiting.execute()).toEqual([{ channel: 'sms' }]);
  const plans = system.db.selectFrom('runs').select('plan').where('customer_id', '=', gleb.customerId);
  expect((await plans.execute()).filter(({ plan }) => plan !== null)).toHaveLength(1);

  await system.refresh();
  expect((await system.call('DELETE', `/customers/${gleb.customerId}`)).status).toBe(204);
  expect(await whereSaid(system, words)).toEqual([]);
  expect(await gleb.outcome()).toBe('exited:erased');
  await system.request(pixel, { headers: { 'user-agent': browser } });
  // Providers and the customer's own mail program still speak of them.
  const at = system.clock.now();
  await suppress(system.db, [
    { channel: 'email', address: gleb.email, reason: 'bounced', at },
    { channel: 'telegram', address: chat.value, reason: 'blocked', at },
    { channel: 'app_push', address: token, reason: 'blocked', at },
  ]);
  for (const form of ['List-Unsubscribe=One-Click', 'action=save&channel=email&want=email:offers']) {
    const path = `/u/${messageToken(system.deps.secret, message.id, 'u')}`;
    expect((await system.request(path, { method: 'POST', body: new URLSearchParams(form) })).status).toBe(200);
  }
  expect(await waiting.execute()).toEqual([]);
  expect((await plans.execute()).filter(({ plan }) => plan !== null)).toEqual([]);
  await system.pass('8 days');
  expect(await system.inbox(gleb.email)).toHaveLength(1);
  expect(await whereSaid(system, words)).toEqual([]);

  const handle = system.environment.client.workflow.getHandle(workflowId('abandonment', gleb.customerId, 'personal'));
  expect(await handle.result()).toBe('exited:erased');
  const history = historyText(await handle.fetchHistory());
  for (const word of words) expect(history).not.toContain(word);
});

test('counts stay: runs, blocks, messages, opens, decisions, orders', async () => {
  const vera = await customer({ firstName: 'Vera' });
  await system.track(vera.id, 'Order Completed', orderOf('bulb'));
  await system.pass('1 minute');
  await system.track(vera.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 hour');
  const counted = ['runs', 'messages', 'decisions', 'orders', 'events'] as const;
  const counts = async () => {
    const of = (table: (typeof counted)[number]) =>
      system.db
        .selectFrom(table)
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .where('customer_id', '=', vera.customerId)
        .executeTakeFirstOrThrow();
    return Promise.all(counted.map(async (table) => [table, Number((await of(table)).n)]));
  };
  const before = Object.fromEntries(await counts());
  await system.refresh();
  await system.call('DELETE', `/customers/${vera.customerId}`);
  const after = Object.fromEntries(await counts());
  // Why the run's next message does not come is a decision, too.
  expect(after).toEqual({ ...before, decisions: before.decisions + 1 });
  const { body } = await system.call('GET', '/journeys/abandonment/stats?from=2000-01-01T00:00:00Z');
  for (const { entered, waiting, passed, dropped } of body.blocks) expect(entered).toBe(waiting + passed + dropped);
});

test('who comes back later is somebody new, whom journeys follow', async () => {
  const olga = await customer();
  await system.refresh();
  await system.call('DELETE', `/customers/${olga.customerId}`);
  await system.identify(olga.id, { email: olga.email });
  await system.track(olga.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 hour');
  expect(await olga.mails()).toHaveLength(1);
  const found = (await system.call('GET', `/customers?userId=${olga.id}`)).body.items;
  expect(found).toHaveLength(1);
  expect(found[0].id).not.toBe(olga.customerId);
});
