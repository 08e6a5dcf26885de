import { sql } from 'kysely';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { messageToken } from '#rendering/tokens.ts';
import { freshDatabase } from '#test/support/database.ts';
import { seed } from './seed.ts';
import { testGateway } from './support.ts';

const lines: string[] = [];
const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
const database = await freshDatabase();
const { call, request, apiKey, deps } = await testGateway(database, { log });
const seeded = await seed(database.db);

test('a line says what was asked and how it went, and nothing of whom', async () => {
  const token = messageToken(deps.secret, seeded.messages[0] ?? '', 'u');
  await call('GET', '/customers?email=anna%40example.com', undefined, { 'x-request-id': 'find-me' });
  await call('GET', '/customers?phone=%2B79161234567&mail=anna%40example.com');
  await call('POST', '/sources', { name: 'Anna of anna@example.com', more: '+79161234567' });
  await request(`/u/${token}?email=anna%40example.com`);
  await request(`/u/${token.slice(0, -1)}/anna%40example.com`);
  await call('GET', '/customers/anna%40example.com/timeline');
  await call('GET', `/customers/${seeded.customer}/timeline`);
  const parsed = lines.map((line) => JSON.parse(line));
  expect(parsed[0]).toMatchObject({
    requestId: 'find-me',
    req: { method: 'GET', path: '/api/v1/customers' },
    res: { status: 200 },
    ms: expect.any(Number),
  });
  expect(parsed.map((line) => line.req?.path)).toEqual(
    expect.arrayContaining(['/u/:any', `/api/v1/customers/${seeded.customer}/timeline`]),
  );
  for (const secret of ['anna%40', 'anna@', '9161234567', token.slice(0, 20), apiKey]) {
    expect(lines.join('')).not.toContain(secret);
  }
});

test('what broke is logged with the id of its request, without the row that the database quotes', async () => {
  lines.length = 0;
  await sql`alter table sources add constraint short check (length(name) < 10) not valid`.execute(database.db);
  const answer = await call('POST', '/sources', { name: 'anna@example.com' }, { 'x-request-id': 'broken-1' });
  expect(answer).toMatchObject({ status: 500, body: { code: 'internal', instance: 'urn:request:broken-1' } });
  expect(answer.text).not.toContain('constraint');
  const failed = lines.map((line) => JSON.parse(line)).find((line) => line.err);
  expect(failed).toMatchObject({ level: 50, requestId: 'broken-1', err: { code: '23514' } });
  expect(failed.err.stack).toContain('createKey');
  expect(lines.join('')).not.toContain('anna@example.com');
});
