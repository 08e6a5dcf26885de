import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { checkStandard } from '#channels/standard-webhooks.ts';
import { workflowId } from '#domain/ids.ts';
import { billableActions, historyText } from '#test/support/read-history.ts';
import { createWebhooks } from '#worker/webhooks.ts';
import { queueSystem } from './queues.ts';

const queues = await queueSystem();
const { system, customer, join, leave, says, orders, cancels, item, becomes, outcomes, sent, answers } = queues;
await system.stock(...['bag', 'coat', 'new-dress', 'scarf', 'ring'].map((id) => ({ id })));

const hour = 3_600_000;
const historyOf = (id: string) =>
  system.environment.client.workflow.getHandle(workflowId('reservation', id)).fetchHistory();
const subjects = (email: string) =>
  sent.flatMap(({ to, content }) => (to === email && content.form === 'letter' ? [content.subject] : []));
const chatsWith = (who: { id: string }) =>
  sent.filter(({ to }) => to === `chat of ${who.id}`).map(({ template }) => template);

test('J9 the first in line is offered what came back, has 16 hours, and then it goes to the next', async () => {
  const [anna, boris] = [await queues.withTelegram(), await customer()];
  expect(await join('bag', anna)).toMatchObject({ position: 1, state: 'out', until: null });
  expect(await join('bag', boris)).toMatchObject({ position: 2 });
  expect(await join('bag', anna)).toMatchObject({ position: 1 });
  expect((await system.call('GET', '/items/bag/queue')).body.items).toMatchObject([
    { position: 1, customerId: anna.customerId },
    { position: 2, customerId: boris.customerId },
  ]);
  await says('Item Returned', 'bag');
  await becomes('bag', { state: 'held', holder: anna.customerId, queue: [boris.customerId] });
  const { until } = await item('bag');
  const accepted = (await anna.acceptedAt()).map((at) => at.getTime());
  // Both channels take it at about the same time: whichever is written down first counts.
  expect(accepted.map((at) => at + 16 * hour)).toContain(Date.parse(until));
  expect(await join('bag', anna)).toMatchObject({ position: 0, until });
  expect(subjects(anna.email)).toEqual(['“Product bag” is back: 16 hours to order it']);
  expect(chatsWith(anna)).toEqual(['offer']);

  await system.pass('15 hours');
  expect((await item('bag')).holder).toBe(anna.customerId);
  await system.pass('2 hours');
  await becomes('bag', { state: 'held', holder: boris.customerId, queue: [] });
  expect(subjects(anna.email)).toEqual(['“Product bag” is back: 16 hours to order it', 'Your reservation has ended']);
  expect(chatsWith(anna)).toEqual(['offer', 'hold-cancelled']);
  await system.pass('17 hours');
  await becomes('bag', { state: 'free', holder: null, until: null, queue: [] });
  expect(await outcomes('bag')).toEqual(['expired', 'expired']);
});

test('an offer that expires takes at most 9 billable actions, and no history holds anything personal', async () => {
  const [anna, boris] = [await queues.withTelegram(), await queues.withTelegram()];
  for (const who of [anna, boris]) await join('coat', who);
  const before = billableActions(await historyOf('coat'));
  await says('Item Returned', 'coat');
  await becomes('coat', { state: 'held', holder: anna.customerId });
  await leave('coat', boris);
  const leaving = 1;
  await system.pass('17 hours');
  await becomes('coat', { state: 'free' });
  const history = await historyOf('coat');
  expect(billableActions(history) - before - leaving).toBeLessThanOrEqual(9);
  for (const who of [anna, boris]) {
    expect(historyText(history)).not.toContain(who.email);
    expect(historyText(history)).not.toContain(`chat of ${who.id}`);
  }
});

test('ordered by its holder the hold becomes the order; cancelled, the item is free for the next', async () => {
  const [anna, boris] = [await customer(), await customer()];
  for (const who of [anna, boris]) await says('Queue Joined', 'scarf', who.id);
  await says('Item Returned', 'scarf');
  await becomes('scarf', { state: 'held', holder: anna.customerId });
  await orders(anna.id, 'scarf', 'order-of-anna');
  await becomes('scarf', { state: 'ordered', holder: null, queue: [boris.customerId] });
  await system.pass('20 hours');
  expect(await anna.templates()).toEqual(['offer']);
  await cancels('order-of-anna');
  await becomes('scarf', { state: 'held', holder: boris.customerId, queue: [] });
  expect(await outcomes('scarf')).toEqual(['ordered', null]);
  await leave('scarf', boris);
  await becomes('scarf', { state: 'free', holder: null });
});

test('ordered by somebody else the holder is told that they were overtaken; sold, the rest are told, with the like of it', async () => {
  const [anna, boris, vera] = [await customer(), await customer(), await customer()];
  for (const who of [anna, boris, vera]) await join('ring', who);
  await says('Item Returned', 'ring');
  await becomes('ring', { state: 'held', holder: anna.customerId });
  await orders('a stranger', 'ring', 'order-of-a-stranger');
  await becomes('ring', { state: 'ordered', holder: null, queue: [boris.customerId, vera.customerId] });
  expect(subjects(anna.email)).toContain('Your order was overtaken');
  await says('Item Sold', 'ring', boris.id);
  await becomes('ring', { state: 'sold', queue: [] });
  expect(await outcomes('ring')).toEqual(['overtaken', 'ordered', 'sold']);
  expect(await boris.templates()).toEqual([]);
  expect(subjects(vera.email)).toEqual(['“Product ring” has been sold']);
  const letter = sent.find(({ to }) => to === vera.email)?.content;
  expect(letter?.form === 'letter' && letter.text).toMatch(/Similar[\s\S]*Product (bag|coat|new-dress|scarf)/);
  expect(await join('ring', anna)).toMatchObject({ position: null, state: 'sold' });
  const { state } = (await system.port.describe(workflowId('reservation', 'ring'))) ?? {};
  expect(state).toBe('completed');
});

test('who cannot be reached, or whose provider takes nothing for two hours, gives way to the next', async () => {
  const [nobody, anna, boris] = [await customer(), await customer(), await customer()];
  await system.db.updateTable('profiles').set({ email: null }).where('customer_id', '=', nobody.customerId).execute();
  for (const who of [nobody, anna, boris]) await join('hat', who);
  answers.next = (_, { to }) => (to === anna.email ? { result: 'later', reason: 'busy', retryAfterMs: 600_000 } : null);
  await says('Item Returned', 'hat');
  await expect.poll(() => item('hat')).toMatchObject({ state: 'offered', holder: anna.customerId });
  await system.pass('110 minutes');
  expect(await item('hat')).toMatchObject({ state: 'offered', holder: anna.customerId });
  await system.pass('20 minutes');
  await becomes('hat', { state: 'held', holder: boris.customerId });
  answers.next = () => null;
  expect(await outcomes('hat')).toEqual(['unreachable', 'unreachable', null]);
  expect(await nobody.decisions()).toEqual([
    'offer suppress unreachable:no_address',
    'offer suppress unreachable:no_address',
  ]);
  expect(subjects(anna.email)).toEqual([]);
  const { rows } = {
    rows: await system.db.selectFrom('messages').select('state').where('customer_id', '=', anna.customerId).execute(),
  };
  expect(rows).toEqual([{ state: 'dropped' }]);
  await leave('hat', boris);
});

test('an item that goes out again is offered to the same person when it is back', async () => {
  const [anna, boris] = [await customer(), await customer()];
  for (const who of [anna, boris]) await join('belt', who);
  await says('Item Returned', 'belt');
  await becomes('belt', { state: 'held', holder: anna.customerId });
  await says('Item Sent To Fitting', 'belt', 'somebody');
  await becomes('belt', { state: 'out', holder: null, queue: [anna.customerId, boris.customerId] });
  await system.pass('17 hours');
  await says('Item Returned', 'belt');
  await becomes('belt', { state: 'held', holder: anna.customerId, queue: [boris.customerId] });
  expect(await anna.templates()).toEqual(['offer', 'offer']);
  // It is they who try it on: they have what they waited for.
  await says('Item Sent To Fitting', 'belt', anna.id);
  await becomes('belt', { state: 'out', holder: null, queue: [boris.customerId] });
  await leave('belt', boris);
});

test('places pass to the customer who stays, and end with one who is erased', async () => {
  const [anna, boris] = [await customer(), await customer()];
  const email = 'visitor-of-queues@example.com';
  await system.send('identify', { anonymousId: 'visitor', traits: { email } });
  await system.send('track', { anonymousId: 'visitor', event: 'Queue Joined', properties: { product_id: 'watch' } });
  for (const who of [anna, boris]) await join('watch', who);
  await system.send('identify', { anonymousId: 'visitor', userId: boris.id });
  await becomes('watch', { queue: [boris.customerId, anna.customerId] });
  expect(await outcomes('watch')).toEqual([null, null, 'merged']);
  await says('Item Returned', 'watch');
  await becomes('watch', { state: 'held', holder: boris.customerId });
  await system.refresh();
  expect((await system.call('DELETE', `/customers/${boris.customerId}`)).status).toBe(204);
  await system.relayed();
  await becomes('watch', { state: 'held', holder: anna.customerId, queue: [] });
  expect(await outcomes('watch')).toEqual(['erased', null, 'merged']);
  expect((await system.call('POST', '/items/watch/queue', { customerId: boris.customerId })).status).toBe(410);
  await leave('watch', anna);
});

test('the shop hears of holds by webhooks that are signed, and are tried again', async () => {
  const heard: { headers: IncomingHttpHeaders; body: string }[] = [];
  let refusals = 1;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    heard.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    refusals -= 1;
    response.writeHead(refusals >= 0 ? 500 : 204).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  afterAll(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
  const { body: endpoint } = await system.call('POST', '/webhook-endpoints', { url });
  const log = { warn() {} };
  const { secret } = system.journeys.deps;
  const webhooks = createWebhooks({ db: system.db, secret, log, options: { pausesMs: [0, 0] } });
  afterAll(() => webhooks.close());

  const [anna, boris] = [await customer(), await customer()];
  for (const who of [anna, boris]) await join('vase', who);
  await says('Item Returned', 'vase');
  await becomes('vase', { state: 'held', holder: anna.customerId });
  await leave('vase', anna);
  await becomes('vase', { state: 'held', holder: boris.customerId });
  await orders(boris.id, 'vase', 'order-of-boris');
  await becomes('vase', { state: 'ordered' });
  while ((await webhooks.drain()) > 0);
  const told = heard.map(({ body }) => JSON.parse(body));
  expect(told.slice(1).map(({ type, data }) => [type, data.userIds[0]])).toEqual(
    expect.arrayContaining([
      ['hold.offered', anna.id],
      ['hold.accepted', anna.id],
      ['hold.cancelled', anna.id],
      ['hold.offered', boris.id],
      ['hold.accepted', boris.id],
      ['hold.ordered', boris.id],
    ]),
  );
  expect(told.filter(({ type }) => type === 'hold.cancelled')[0].data).toMatchObject({
    itemId: 'vase',
    reason: 'left',
  });
  for (const { headers, body } of heard) {
    const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) =>
      String(headers[`webhook-${name}`]),
    );
    expect(checkStandard({ id, timestamp, signature }, Buffer.from(body), [endpoint.secret], Date.now())).toBe(
      'genuine',
    );
  }
  expect(new Set(heard.map(({ headers }) => headers['webhook-id'])).size).toBe(heard.length - 1);
  const { items } = (await system.call('GET', `/webhook-endpoints/${endpoint.id}/deliveries`)).body;
  expect(items.map(({ state }: { state: string }) => state)).toEqual(items.map(() => 'delivered'));
  expect(Math.max(...items.map(({ attempts }: { attempts: number }) => attempts))).toBe(2);

  refusals = 100;
  await says('Item Returned', 'vase');
  await join('vase', boris);
  await becomes('vase', { state: 'held', holder: boris.customerId });
  while ((await webhooks.drain()) > 0);
  expect((await system.call('GET', '/webhook-endpoints')).body.items).toMatchObject([
    { id: endpoint.id, waiting: 0, dead: 2 },
  ]);
  await leave('vase', boris);
});

test('a queue that is stopped by a person is dissolved', async () => {
  const anna = await customer();
  await join('lamp', anna);
  expect(await system.port.cancel(workflowId('reservation', 'lamp'))).toBe(true);
  await becomes('lamp', { queue: [] });
  expect(await outcomes('lamp')).toEqual(['stopped']);
});
