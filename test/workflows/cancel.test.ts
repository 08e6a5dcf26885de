import { expect, test } from 'vitest';
import type { Channel } from '#channels/channel.ts';
import { scaledClock } from '#domain/clock.ts';
import { workflowId } from '#domain/ids.ts';
import { customers, type TestCustomer } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { devServer } from '#test/support/temporal.ts';

/** An hour passes in half a second. */
const clock = scaledClock({ origin: Date.now(), scale: 7200 });
let isDown = false;
const email: Channel = {
  name: 'email',
  provider: 'test',
  submit: async ({ id }) =>
    isDown ? { result: 'later', reason: 'busy', retryAfterMs: 3_600_000 } : { result: 'accepted', providerId: id },
  close: async () => {},
};
const system = await startSystem(await devServer(), { clock, activities: { channels: { email } } });
const customer = customers(system);
const { db, port } = system;
await system.stock({ id: 'lamp' });

const runOf = ({ customerId }: TestCustomer) => workflowId('abandonment', customerId, 'personal');
const addToCart = ({ id }: TestCustomer) => system.track(id, 'Product Added', { product_id: 'lamp' });
const stateOf = async (one: TestCustomer) => (await port.describe(runOf(one)))?.state;

const messagesOf = ({ customerId }: TestCustomer) =>
  db
    .selectFrom('messages')
    .select(['block', 'state', 'reason'])
    .where('customer_id', '=', customerId)
    .orderBy('id')
    .execute();

const runsOf = ({ customerId }: TestCustomer) =>
  db.selectFrom('runs').select(['id', 'outcome', 'block']).where('customer_id', '=', customerId).execute();

async function expectStopped(one: TestCustomer): Promise<void> {
  await expect.poll(() => stateOf(one)).toBe('cancelled');
  expect(await runsOf(one)).toEqual([{ id: expect.any(String), outcome: 'exited:stopped', block: null }]);
}

/** The second message so long after the first that a slow machine comes between them, too; the third never. */
async function secondAfter(after: string): Promise<void> {
  const step = (message: string, later: string) => ({ message, after: later, validFor: 'P365D' });
  const steps = [step('cart-reminder', 'PT0S'), step('cart-still-here', after), step('cart-questions', 'P365D')];
  await system.settings({ branches: { cart: { idle: 'PT30M', steps } } });
}

test('cancelled while it waits, a run ends as stopped, and a later event starts another', async () => {
  await secondAfter('P365D');
  const anna = await customer();
  await addToCart(anna);
  await expect.poll(anna.templates).toHaveLength(1);
  expect(await port.cancel(runOf(anna))).toBe(true);
  await expectStopped(anna);
  const blocks = db.selectFrom('run_blocks').innerJoin('runs', 'runs.id', 'run_id');
  const dropped = blocks.select(['run_blocks.block', 'result', 'reason']).where('customer_id', '=', anna.customerId);
  expect(await dropped.where('result', '=', 'dropped').execute()).toEqual([
    { block: 'cart-2', result: 'dropped', reason: 'exited:stopped' },
  ]);
  await addToCart(anna);
  await expect.poll(() => stateOf(anna)).toBe('running');
  expect(await port.cancel(runOf(anna))).toBe(true);
});

test('cancelled before it has entered, it enters and ends: no row stays behind', async () => {
  const boris = await customer();
  await addToCart(boris);
  expect(await port.cancel(runOf(boris))).toBe(true);
  await expectStopped(boris);
  expect(await messagesOf(boris)).toEqual([]);
});

test('cancelled while the provider is away, it gives back what it had reserved and sends nothing any more', async () => {
  isDown = true;
  const vera = await customer();
  await addToCart(vera);
  await expect.poll(() => messagesOf(vera)).toEqual([{ block: 'cart-1', state: 'reserved', reason: 'busy' }]);
  expect(await port.cancel(runOf(vera))).toBe(true);
  await expectStopped(vera);
  isDown = false;
  expect(await messagesOf(vera)).toEqual([{ block: 'cart-1', state: 'dropped', reason: 'exited:stopped' }]);
});

test('a run whose workflow was terminated is taken up where it stood by the next event after it was due', async () => {
  await secondAfter('PT12H');
  const gleb = await customer();
  await addToCart(gleb);
  await expect.poll(gleb.templates).toEqual(['cart-reminder']);
  const [before] = await runsOf(gleb);
  expect(await port.terminate(runOf(gleb), 'test')).toBe(true);
  const due = db
    .selectFrom('runs')
    .select('due_at')
    .where('id', '=', before?.id ?? '');
  const { due_at } = await due.executeTakeFirstOrThrow();
  await expect.poll(() => clock.now().getTime()).toBeGreaterThan((due_at?.getTime() ?? 0) + 3_700_000);
  expect(await stateOf(gleb)).toBe('terminated');
  await system.page(gleb.id);
  await expect.poll(gleb.templates).toEqual(['cart-reminder', 'cart-still-here']);
  // The letter comes a moment before the run's row has moved on.
  await expect.poll(() => runsOf(gleb)).toEqual([{ id: before?.id, outcome: null, block: 'cart-3' }]);
  expect(await port.cancel(runOf(gleb))).toBe(true);
});
