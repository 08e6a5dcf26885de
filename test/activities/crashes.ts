import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Db } from '#db/connect.ts';
import type { DeliverRequest } from '#domain/journey.ts';
import type { Crash } from './crashing.ts';

/** Delivers in a worker that is killed when it comes to the point. */
export async function crashed(crash: Crash): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'crashing.ts'), JSON.stringify(crash)], {
    stdio: 'inherit',
  });
  const [, signal] = await once(child, 'exit');
  expect(signal, `the worker was to be killed at ${crash.point}`).toBe('SIGKILL');
}

/** What time does to a lease whose owner is dead. */
export async function leaseEnded(db: Db, { runId }: DeliverRequest): Promise<void> {
  await db
    .updateTable('messages')
    .set({ lease_until: new Date(0) })
    .where('run_id', '=', runId)
    .execute();
}
