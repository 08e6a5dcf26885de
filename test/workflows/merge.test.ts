import { expect, test } from 'vitest';
import { orderOf } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

// A visitor with an address turns out to be somebody whom the shop knows: runs of the one that ceases end, and go on with
// the one that stays (`P1`).

const system = await startSystem(await timeSkipping());
await system.stock({ id: 'lamp' }, { id: 'bulb' });

let count = 0;

async function visitorWithCart() {
  const id = ++count;
  const [visitor, user, email] = [`visitor-${id}`, `user-${id}`, `user-${id}@example.com`];
  const as = { anonymousId: visitor };
  await system.send('identify', { ...as, traits: { email } });
  await system.send('track', { ...as, event: 'Product Added', properties: { product_id: 'lamp' } });
  const signsIn = () => system.send('identify', { ...as, userId: user });
  const runs = () => system.db.selectFrom('runs').select(['outcome', 'key']).orderBy('entered_at').execute();
  return { user, email, signsIn, runs };
}

test('P1 the chain goes on after the highest step that was sent, and none is sent twice', async () => {
  const { user, email, signsIn, runs } = await visitorWithCart();
  await system.identify(user, {});
  await system.pass('5 hours');
  expect(await system.inbox(email)).toHaveLength(2);
  await signsIn();
  await system.pass('6 days');
  const subjects = (await system.inbox(email)).map((mail) => mail.subject);
  expect(subjects).toHaveLength(4);
  expect(new Set(subjects).size).toBe(4);
  expect((await runs()).map((run) => run.outcome)).toEqual(['exited:merged', 'completed']);
});

test('P1 a purchase after the joining ends the chain that went on', async () => {
  const { user, email, signsIn } = await visitorWithCart();
  await system.identify(user, {});
  await system.pass('1 hour');
  await signsIn();
  await system.track(user, 'Order Completed', orderOf('lamp'));
  await system.pass('6 days');
  expect(await system.inbox(email)).toHaveLength(1);
});

test('P1 where the one that stays has a run of its own, that one goes on and no second begins', async () => {
  const { user, email, signsIn } = await visitorWithCart();
  await system.identify(user, { email: `known-${email}` });
  await system.track(user, 'Product Added', { product_id: 'bulb' });
  await system.pass('1 hour');
  await signsIn();
  await system.pass('6 days');
  const known = await system.inbox(`known-${email}`);
  const visitors = await system.inbox(email);
  expect(known.length + visitors.length).toBe(1 + 4);
  const live = await system.db.selectFrom('runs').select('id').where('ended_at', 'is', null).execute();
  expect(live).toEqual([]);
});
