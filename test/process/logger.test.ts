import { Writable } from 'node:stream';
import pg from 'pg';
import { expect, test } from 'vitest';
import { createLogger, sdkLogger } from '#process/logger.ts';
import { freshDatabase } from '#test/support/database.ts';

const { pool } = await freshDatabase();
let written = '';
const log = createLogger(
  'tests',
  'debug',
  new Writable({
    write(chunk, _encoding, done) {
      written += chunk;
      done();
    },
  }),
);

test('logs of database errors quote no row and no value: code and place are enough', async () => {
  const statements = [
    `insert into suppressions values ('email', 'anna@example.com', 'bounced', now()), ('email', 'anna@example.com', 'bounced', now())`,
    `select 'anna@example.com'::uuid`,
    `select '{"email": "anna@example.com" oops}'::json`,
  ];
  for (const statement of statements) {
    const error = await pool.query(statement).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(pg.DatabaseError);
    log.error({ err: error }, 'failed');
    sdkLogger(log).error('failed', { error });
  }
  expect(written).toContain('23505');
  expect(written).toContain('22P02');
  expect(written).toContain('logger.test.ts');
  expect(written).not.toContain('anna');
});

test('logs of other errors keep what they say, without addresses', () => {
  written = '';
  log.warn({ err: new Error('550 no such user <anna@example.com>', { cause: new Error('anna') }) }, 'failed');
  expect(written).toContain('550 no such user <[address]>');
  expect(written).not.toContain('anna');
});
