import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, expect, inject, test } from 'vitest';
import { putOutbox } from '#db/outbox.ts';
import { createRelay } from '#relay/relay.ts';
import { openConnection, temporalPort } from '#relay/temporal.ts';
import { freshDatabase } from '#test/support/database.ts';
import { notices, outbox, row, silent, time, until } from './signals.ts';

const { db } = await freshDatabase();
const folder = await mkdtemp(join(tmpdir(), 'vestnik-outage-'));
const tcpPort = await freePort();
const connection = openConnection({ address: `127.0.0.1:${tcpPort}` });
const client = new Client({ connection });
const relay = createRelay({
  db,
  port: temporalPort(client, { taskQueue: 'journeys' }),
  time,
  log: silent,
  options: { pollMs: 20 },
});

afterAll(async () => {
  await relay.close();
  await connection.close();
  await rm(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return address.port;
}

/** The same server each time: one address, one database file. */
function temporal(): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: inject('temporalCli') },
      port: tcpPort,
      ip: '127.0.0.1',
      dbFilename: join(folder, 'temporal.db'),
      searchAttributes: [
        defineSearchAttributeKey('Journey', 'KEYWORD'),
        defineSearchAttributeKey('CustomerId', 'KEYWORD'),
      ],
    },
  });
}

test('signals wait while Temporal is away and are delivered once it is back, to runs that lived before', async () => {
  const first = await temporal();
  await relay.push(await putOutbox(db, [row('before')]));
  expect(await outbox(db)).toEqual([]);
  await first.teardown();

  const meanwhile = ['before', ...Array.from({ length: 40 }, (_, index) => `meanwhile-${index}`)];
  await relay.push(
    await putOutbox(
      db,
      meanwhile.map((name) => row(name, { reason: 'Product Viewed' })),
    ),
  );
  relay.start();
  await until(async () => (await outbox(db)).some(({ attempts }) => attempts > 1));
  expect(await outbox(db)).toHaveLength(meanwhile.length);
  expect(relay.counts).toMatchObject({ delivered: 1, refused: 0 });

  const second = await temporal();
  try {
    await until(async () => (await outbox(db)).length === 0, 60);
    const before = await notices(client, 'abandonment:before:personal');
    // A call that ran out although it was taken is made again.
    expect([...new Set(before.map(({ reason }) => reason))]).toEqual(['Product Added', 'Product Viewed']);
    for (const name of meanwhile) {
      expect(await notices(client, `abandonment:${name}:personal`)).not.toEqual([]);
    }
  } finally {
    await second.teardown();
  }
}, 300_000);
