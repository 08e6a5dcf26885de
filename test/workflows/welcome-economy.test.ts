import { expect, test } from 'vitest';
import { createPromoPool } from '#db/promo-pools.ts';
import { workflowId } from '#domain/ids.ts';
import { countingStatements } from '#test/support/counting.ts';
import { customers } from '#test/support/customers.ts';
import { freshDatabase } from '#test/support/database.ts';
import { billableActions, historyText } from '#test/support/read-history.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

/** What a welcome costs, in Temporal's actions and in SQL statements, and what of a newcomer Temporal gets to know. */

const database = await freshDatabase();
const { activities, perMessage } = countingStatements(database.url);
const system = await startSystem(await timeSkipping(), {
  database,
  only: ['welcome'],
  activities,
});
const customer = customers(system);
await system.stock({ id: 'lamp' }, { id: 'rug', category: 'Rugs' });
const pool = {
  name: 'welcome',
  sizes: [{ name: 'all', when: [], percent: 10 }],
  expiry: { after: 'P5D' },
  lowStock: 0,
};
const generated = { pattern: 'HELLO-??????', ahead: 50, most: null };
await createPromoPool(system.db, { ...pool, generated }, system.clock.now());
await system.put('/journeys/welcome/settings', { promo: { pool: 'welcome' } });

test('six messages take 14 billable actions; an answer six SQL statements, goods and codes a few more', async () => {
  const anna = await customer({ firstName: 'Anna', lastName: 'Uspenskaya', phone: '+79161234567' });
  await system.track(anna.id, 'Signed Up', { company: 'Secret Works' });
  await system.pass('7 days');
  expect(await anna.templates()).toHaveLength(6);
  const id = workflowId('welcome', anna.customerId);
  const history = await system.environment.client.workflow.getHandle(id).fetchHistory();
  expect(billableActions(history)).toBe(14);
  const [first, code, ...others] = perMessage;
  // The code's message shows goods as well, whose sources are asked one after the other; the last one reads the code again.
  expect(first).toBeLessThanOrEqual(6);
  expect(code).toBeLessThanOrEqual(14);
  for (const [index, most] of [6, 6, 8, 7].entries()) expect(others[index]).toBeLessThanOrEqual(most);
  const text = historyText(history);
  for (const personal of [
    anna.email,
    'example.com',
    anna.id,
    'Anna',
    'Uspenskaya',
    '79161234567',
    'Secret Works',
    'HELLO-',
  ])
    expect(text).not.toContain(personal);
});
