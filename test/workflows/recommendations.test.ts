import { expect, test } from 'vitest';
import { customers, orderOf } from '#test/support/customers.ts';
import type { Mail } from '#test/support/mail.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const system = await startSystem(await timeSkipping(), { shop: { channels: ['email', 'telegram'] } });
const customer = customers(system);

/** Ids of the products that a mail shows. */
const shownIn = (mail: Mail | undefined) =>
  [...new Set([...`${mail?.html ?? ''}${mail?.text ?? ''}`.matchAll(/Product (\w+)/g)].map(([, id]) => id))].toSorted();

const visits = (latest: object, cascade?: object) =>
  system.settings({
    repeatAfter: 'P1D',
    ...(cascade && { cascade }),
    shows: { latest: { from: ['novelties'], count: 2, ...latest } },
  });

test('what the last message showed is not shown again, where the setting says so; what was bought never is', async () => {
  await system.stock(...['one', 'two', 'three', 'four', 'five'].map((id) => ({ id })));
  await visits({ filters: { notShown: 1 } });
  const anna = await customer();
  await system.track(anna.id, 'Order Completed', orderOf('five'));
  for (const _ of [1, 2, 3]) {
    await system.pass('2 days');
    await system.page(anna.id);
    await system.pass('1 hour');
  }
  const [first, second, third] = (await anna.mails()).map(shownIn);
  expect([...(first ?? []), ...(second ?? [])].toSorted()).toEqual(['four', 'one', 'three', 'two']);
  expect(third).toEqual(first);
});

test('one contact shows the same on all its channels', async () => {
  await system.stock(...['six', 'seven', 'eight', 'nine'].map((id) => ({ id })));
  const steps = [
    { channel: 'email', advanceWhen: 'not_opened', after: 'PT1H' },
    { channel: 'telegram', advanceWhen: 'not_opened', after: 'PT1H' },
  ];
  await visits({ from: ['random'], filters: { notShown: 5 } }, { order: 'fixed', channels: steps });
  const boris = await customer();
  const chat = { kind: 'telegram', value: '4815162342', customer_id: boris.customerId, since: system.clock.now() };
  await system.db.insertInto('identities').values(chat).execute();
  await system.page(boris.id);
  await system.pass('3 hours');
  const [mail] = await boris.mails();
  const rows = await system.db
    .selectFrom('messages')
    .select(['channel', 'shown'])
    .where('customer_id', '=', boris.customerId)
    .execute();
  expect(rows.map(({ channel }) => channel).toSorted()).toEqual(['email', 'telegram']);
  expect(shownIn(mail)).toHaveLength(2);
  for (const { shown } of rows) expect(shown.toSorted()).toEqual(shownIn(mail));
});
