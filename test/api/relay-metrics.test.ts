import { expect, test } from 'vitest';
import { putOutbox } from '#db/outbox.ts';
import { createRelay } from '#relay/relay.ts';
import { freshDatabase } from '#test/support/database.ts';
import { testGateway } from './support.ts';

test('metrics tell what was relayed and what waits', async () => {
  const database = await freshDatabase();
  const { db } = database;
  const away = async () => Promise.reject(new Error('Temporal is away'));
  const asked = { updateWithStart: away, query: away, describe: away };
  const port = { signalWithStart: away, signal: away, ...asked, cancel: away, terminate: away };
  const log = { info() {}, warn() {}, error() {} };
  const relay = createRelay({ db, port, time: { origin: 0, scale: 1 }, log });
  const gateway = await testGateway(database, { relay });
  const about = { journey: 'abandonment', customer_id: crypto.randomUUID(), key: 'personal', reason: 'Product Added' };
  const signal = { ...about, signal: 'start', occurred_at: new Date() };
  await relay.push(await putOutbox(db, [{ ...signal, workflow_id: 'tried' }]));
  await putOutbox(db, [{ ...signal, workflow_id: 'not tried yet' }]);

  const { text } = await gateway.request('/metrics');
  expect(text).toContain('vestnik_signals_total{result="delivered"} 0');
  expect(text).toContain('vestnik_signals_total{result="failed"} 1');
  expect(text).toContain('vestnik_outbox_waiting{failing="yes"} 1');
  expect(text).toContain('vestnik_outbox_waiting{failing="no"} 1');
  expect(text).toMatch(/vestnik_outbox_oldest_seconds [\d.]+/);
});
