import { expect, test } from 'vitest';
import { customers } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

/** Two customers claim one identity, and may not be joined by themselves: a person decides (P1). */

const system = await startSystem(await timeSkipping(), { only: ['abandonment'] });
const customer = customers(system);
const { call } = system;
await system.stock({ id: 'lamp' });

let phones = 79_160_000_000;

/** Two logins, of whom the second names the phone of the first. */
async function conflicting() {
  const phone = `+${++phones}`;
  const [first, second] = [await customer({ phone }), await customer()];
  await system.identify(second.id, { phone });
  const { body } = await call('GET', `/conflicts?customerId=${second.customerId}`);
  return { phone, first, second, conflict: body.items[0] };
}

const decide = (id: string, verdict: object) => call('POST', `/conflicts/${id}/decision`, verdict);
const open = async () => (await call('GET', '/conflicts')).body.items.map((one: { id: string }) => one.id);

test('open conflicts are listed with who claims what, page by page', async () => {
  const { phone, first, second, conflict } = await conflicting();
  expect(conflict).toMatchObject({
    kind: 'phone',
    value: phone,
    reason: 'both_have_user_id',
    holder: { id: first.customerId, userIds: [first.id], orders: 0, mergedInto: null },
    claimant: { id: second.customerId, userIds: [second.id] },
    decision: null,
    resolvedAt: null,
  });
  const other = await conflicting();
  const page = await call('GET', '/conflicts?limit=1');
  expect(page.body.items).toMatchObject([{ id: other.conflict.id }]);
  expect((await call('GET', `/conflicts?limit=1&cursor=${page.body.next}`)).body.items).toMatchObject([
    { id: conflict.id },
  ]);
});

test('merged: one customer with both logins, and the run goes on for who stays, without saying anything twice', async () => {
  const { first, second, conflict } = await conflicting();
  await system.track(first.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('40m');
  expect(await first.templates()).toEqual(['cart-reminder']);
  await system.refresh();
  const { status, body } = await decide(conflict.id, { decision: 'merge', into: second.customerId });
  expect([status, body.decision, body.decidedBy, body.holder.mergedInto]).toEqual([
    200,
    'merged',
    'tests',
    second.customerId,
  ]);
  await system.relayed();
  await system.pass('4h');
  const merged = (await call('GET', `/customers/${first.customerId}`)).body;
  expect(merged).toMatchObject({ id: second.customerId, mergedFrom: first.customerId, conflicts: [] });
  expect(merged.identities.map((one: { value: string }) => one.value)).toEqual(
    expect.arrayContaining([first.id, second.id]),
  );
  const { body: sent } = await call('GET', `/messages?customerId=${second.customerId}`);
  expect(sent.items.map((one: { template: string }) => one.template)).toEqual(['cart-still-here', 'cart-reminder']);
  expect(await open()).not.toContain(conflict.id);
});

test('kept apart: nothing moves, and it is not asked again', async () => {
  const { phone, first, second, conflict } = await conflicting();
  expect((await decide(conflict.id, { decision: 'keep_apart' })).body).toMatchObject({ decision: 'kept_apart' });
  await system.identify(second.id, { phone });
  expect(await open()).not.toContain(conflict.id);
  const [holder] = (await call('GET', `/customers?phone=%2B${phone.slice(1)}`)).body.items;
  expect(holder.id).toBe(first.customerId);
  expect((await call('GET', `/customers/${second.customerId}`)).body.mergedFrom).toBeNull();
  const { body } = await call('GET', `/conflicts?state=decided&customerId=${second.customerId}`);
  expect(body.items).toMatchObject([{ id: conflict.id, decision: 'kept_apart', decidedBy: 'tests' }]);
});

test('said again it is the same, said otherwise it is refused; eight at once decide once', async () => {
  const { first, conflict } = await conflicting();
  const verdicts = Array.from({ length: 8 }, (_, n) => ({ decision: n % 2 === 0 ? 'merge' : 'keep_apart' }));
  const answers = await Promise.all(verdicts.map((verdict) => decide(conflict.id, verdict)));
  const said = answers.find(({ status }) => status === 200)?.body.decision;
  for (const [index, { status, body }] of answers.entries()) {
    const isSame = (verdicts[index]?.decision === 'merge') === (said === 'merged');
    expect([status, body.code]).toEqual(isSame ? [200, undefined] : [409, 'conflict_decided']);
  }
  const { mergedFrom, id } = (await call('GET', `/customers/${first.customerId}`)).body;
  const stays = id === first.customerId;
  expect(stays || said === 'merged').toBe(true);
  expect(mergedFrom).toBe(stays ? null : first.customerId);
});

test('who is named as the one to stay must be of it; what is erased is no conflict', async () => {
  const { first, second, conflict } = await conflicting();
  const stranger = await customer();
  expect((await decide(conflict.id, { decision: 'merge', into: stranger.customerId })).body).toMatchObject({
    code: 'invalid_request',
    errors: [{ field: 'into' }],
  });
  expect(await open()).toContain(conflict.id);
  await call('DELETE', `/customers/${first.customerId}`);
  expect((await decide(conflict.id, { decision: 'merge' })).body.code).toBe('conflict_not_found');
  expect((await call('GET', `/customers/${second.customerId}`)).status).toBe(200);
});

test('both have orders: a loyalty card that names a login with orders waits for a person', async () => {
  const someone = await customer();
  const rub = (amount: number) => ({ amount, currency: 'RUB' });
  const order = (orderId: string, who: object) => ({ orderId, ...who, total: rub(100) });
  await call('PUT', '/orders', {
    items: [order('site-1', { userId: someone.id }), order('till-1', { card: '5000 1' })],
  });
  await call('PUT', '/customers', { items: [{ userId: someone.id, card: '50001' }] });
  const [conflict] = (await call('GET', `/conflicts?customerId=${someone.customerId}`)).body.items;
  expect(conflict).toMatchObject({ kind: 'card', reason: 'both_have_orders', holder: { orders: 1, userIds: [] } });
  await decide(conflict.id, { decision: 'merge' });
  const { orders } = (await call('GET', `/customers/${someone.customerId}`)).body;
  expect(orders.map((one: { orderId: string }) => one.orderId).sort()).toEqual(['site-1', 'till-1']);
});
