import { test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { defaultStages } from '#domain/stages.ts';
import { customers, orderOf } from '#test/support/customers.ts';
import { keepHistory } from '#test/support/histories.ts';
import { nights } from '#test/support/starts.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const environment = await timeSkipping();
const system = await startSystem(environment, { only: ['win-back'] });
const customer = customers(system);
const { days } = nights(system);
await system.stock({ id: 'paper' }, { id: 'pens' });
const { personal, corporate } = defaultStages;
const intervals = { atRisk: 'P2D', churning: 'P3D', lost: 'P4D', gone: 'P80D' };
await system.put('/settings/stages', { personal: { ...personal, intervals }, corporate });
await system.put('/journeys/win-back/settings', { enabled: true, spreadOver: 'P1D' });

test('record: an offer of a quarter', async () => {
  const { id, customerId } = await customer();
  await system.track(id, 'Order Completed', orderOf('paper'));
  await days(7);
  const runs = system.db.selectFrom('runs').select('key').where('customer_id', '=', customerId);
  const { key } = await runs.executeTakeFirstOrThrow();
  await keepHistory(environment, workflowId('win-back', customerId, key), 'an-offer');
});
