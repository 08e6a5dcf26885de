import { expect, test } from 'vitest';
import { JourneysUnavailable } from '#relay/port.ts';
import { customers } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const system = await startSystem(await timeSkipping(), { only: ['reservation'] });
const customer = customers(system);

test('where time is skipped, a signal that Temporal did not take at once is told all the same before a test goes on', async () => {
  const anna = await customer();
  const { signalWithStart } = system.port;
  let tries = 0;
  system.port.signalWithStart = async (start) => {
    tries += 1;
    if (tries === 1) throw new JourneysUnavailable('the machine is busy');
    await signalWithStart(start);
  };
  await system.track(anna.id, 'Queue Joined', { product_id: 'bag' });
  expect(tries).toBe(2);
  expect(await system.port.describe('reservation:bag')).toMatchObject({ state: 'running' });
});
