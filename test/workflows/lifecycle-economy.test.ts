import { expect, test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { countingStatements } from '#test/support/counting.ts';
import { customers, orderOf } from '#test/support/customers.ts';
import { freshDatabase } from '#test/support/database.ts';
import { billableActions, historyText } from '#test/support/read-history.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';
import { followedFor, yearMessages } from '#test/support/year.ts';

/** What a year costs (J11), in Temporal's actions, in its history and in SQL statements; and what Temporal gets to know. */

const database = await freshDatabase();
const { activities, perMessage } = countingStatements(database.url);
const system = await startSystem(await timeSkipping(), { database, only: ['lifecycle'], activities });
const customer = customers(system);
await followedFor(system);

test('a year of six messages takes 17 billable actions, one of them for the patch; its history is small and tells the story', async () => {
  const traits = { firstName: 'Anna', lastName: 'Uspenskaya', phone: '+79161234567' };
  const anna = await customer(traits);
  const order = { ...orderOf('cream', 'brush'), comment: 'for Uspenskaya' };
  await system.track(anna.id, 'Order Completed', order);
  await system.pass('366 days');
  expect(await anna.templates()).toEqual(yearMessages);
  const id = workflowId('lifecycle', anna.customerId, order.order_id);
  const handle = system.environment.client.workflow.getHandle(id);
  const history = await handle.fetchHistory();
  // Start 1, enter 1, timers 7, messages 6, finish 1; the search attribute that the SDK keeps patches in 1.
  expect(billableActions(history)).toBe(17);
  expect(history.events?.length).toBeLessThan(110);
  const text = historyText(history);
  expect(Buffer.byteLength(text)).toBeLessThan(100_000);
  for (const personal of [
    anna.email,
    'example.com',
    anna.id,
    ...Object.values(traits),
    '79161234567',
    'BACK-',
    'MUCH-',
  ])
    expect(text).not.toContain(personal);
  const timers = (history.events ?? []).filter(({ timerStartedEventAttributes }) => timerStartedEventAttributes);
  const named = timers.map(({ userMetadata }) => Buffer.from(userMetadata?.summary?.data ?? []).toString());
  expect(named.map((name) => name.replace(/, due .*/, ''))).toEqual([
    '"Waits for cross-sell: What goes with the order',
    '"Waits for review-request: How is what was bought?',
    '"Waits for top-up: Time to top up',
    '"Waits for news: News and offers',
    '"Waits for small-promo: A small promo code',
    '"Waits for bigger-promo: A bigger promo code',
    '"Waits for the rest of the year: an order is the goal',
  ]);
});

test('a message takes the statements of any other, one for its order, and those of what it shows', () => {
  const most = { 'cross-sell': 15, 'review-request': 8, 'top-up': 9, news: 12, 'small-promo': 14, 'bigger-promo': 14 };
  for (const [index, [name, limit]] of Object.entries(most).entries())
    expect(perMessage[index], name).toBeLessThanOrEqual(limit);
});
