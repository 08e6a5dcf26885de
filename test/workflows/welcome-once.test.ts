import { expect, test } from 'vitest';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

/** One welcome a customer, also where two turn out to be one (P1): the journey of `welcome.test.ts`. */

const system = await startSystem(await timeSkipping(), { only: ['welcome'] });

const visitorOf = (name: string) => ({ anonymousId: `visitor-${name}` });

test('P1 welcomed by a pop-up as a visitor, then registered: the same series goes on', async () => {
  const email = 'popup@example.com';
  const visitor = visitorOf('popup');
  await system.send('identify', { ...visitor, traits: { email } });
  await system.send('track', { ...visitor, event: 'Subscribed', properties: { source: 'popup' } });
  await system.pass('30 hours');
  await system.send('identify', { ...visitor, userId: 'popup-user' });
  await system.track('popup-user', 'Signed Up');
  await system.pass('7 days');
  expect((await system.inbox(email)).map(({ subject }) => subject)).toHaveLength(6);
});

async function twoWhoAreOne(name: string) {
  const [visitor, user] = [visitorOf(name), `user-${name}`];
  const emails = [`${name}-visitor@example.com`, `${name}-user@example.com`] as const;
  await system.send('identify', { ...visitor, traits: { email: emails[0] } });
  await system.identify(user, { email: emails[1] });
  return {
    visitorSubscribes: () => system.send('track', { ...visitor, event: 'Subscribed' }),
    userSignsUp: () => system.track(user, 'Signed Up'),
    join: () => system.send('identify', { ...visitor, userId: user }),
    async subjects() {
      const mails = [...(await system.inbox(emails[0])), ...(await system.inbox(emails[1]))];
      return mails.map(({ subject }) => subject);
    },
  };
}

test('P1 once also for who is joined later: the series of the visitor goes on with the customer after what was sent', async () => {
  const two = await twoWhoAreOne('goes-on');
  await two.visitorSubscribes();
  await system.pass('50 hours');
  expect(await two.subjects()).toHaveLength(3);
  await two.join();
  await two.userSignsUp();
  await system.pass('9 days');
  const subjects = await two.subjects();
  expect(subjects).toHaveLength(6);
  expect(new Set(subjects).size).toBe(6);
});

test('P1 both were being welcomed: what either was told is not told again', async () => {
  const two = await twoWhoAreOne('both');
  await two.visitorSubscribes();
  await system.pass('50 hours');
  await two.userSignsUp();
  await system.pass('1 hour');
  expect(await two.subjects()).toHaveLength(4);
  await two.join();
  await system.pass('9 days');
  const subjects = await two.subjects();
  expect(subjects).toHaveLength(7);
  expect(new Set(subjects).size).toBe(6);
});

test('P1 a customer who was welcomed long ago is not welcomed again for a visitor who turns out to be them', async () => {
  const two = await twoWhoAreOne('long-ago');
  await two.userSignsUp();
  await system.pass('8 days');
  await two.visitorSubscribes();
  await system.pass('1 hour');
  expect(await two.subjects()).toHaveLength(7);
  await two.join();
  await system.pass('9 days');
  expect(await two.subjects()).toHaveLength(7);
  const live = await system.db.selectFrom('runs').select('id').where('ended_at', 'is', null).execute();
  expect(live).toEqual([]);
});

test('P1 nor one whose visitor was', async () => {
  const two = await twoWhoAreOne('visitor-was');
  await two.visitorSubscribes();
  await system.pass('8 days');
  await two.join();
  await two.userSignsUp();
  await system.pass('9 days');
  expect(await two.subjects()).toHaveLength(6);
});
