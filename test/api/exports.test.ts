import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { exportLines } from '#api/open/schemas/exports.ts';
import { connect } from '#db/connect.ts';
import { eraseCustomer } from '#db/erasure.ts';
import { readTable } from '#db/exports/table.ts';
import { type ExportName, exportedTables, exportNames } from '#db/exports/tables.ts';
import { newId } from '#db/ids.ts';
import { freshDatabase } from '#test/support/database.ts';
import { plantMessages, plantRest } from './exports-support.ts';
import { later, seed, start } from './seed.ts';
import { testGateway } from './support.ts';

const database = await freshDatabase();
const { db, pool } = database;
const now = later(30 * 86_400_000);
const { call, url, apiKey } = await testGateway(database, {
  clock: { time: { origin: 0, scale: 1 }, now: () => now },
});
const seeded = await seed(db);
await plantRest(db, seeded);

type Line = Record<string, unknown> & { cursor: string };

async function lines(table: string, query: Record<string, string | number> = {}): Promise<Line[]> {
  const asked = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const { status, headers, text } = await call('GET', `/exports/${table}?${asked}`);
  expect(status, text).toBe(200);
  expect(headers.get('content-type')).toContain('application/x-ndjson');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

const last = (all: readonly Line[]) => all.at(-1)?.cursor ?? '';
const withoutCursors = (all: readonly Line[]) => all.map(({ cursor: _, ...line }) => line);

/** Until every transaction that had begun is over, of other databases too: only then nothing comes twice. */
async function allSettled(): Promise<void> {
  const mine = await sql<{ xid: string }>`select pg_current_xact_id()::text as xid`.execute(db);
  for (;;) {
    const seen = await sql<{ oldest: string }>`select pg_snapshot_xmin(pg_current_snapshot())::text as oldest`.execute(
      db,
    );
    if (BigInt(seen.rows[0]?.oldest ?? 0) > BigInt(mine.rows[0]?.xid ?? 0)) return;
    await turn();
  }
}

async function newOrder(id: string, run = db): Promise<void> {
  const order = { order_id: id, customer_id: seeded.customer, profile: 'personal', state: 'placed', currency: 'RUB' };
  await run
    .insertInto('orders')
    .values({ ...order, total: 100, placed_at: start, state_at: start })
    .execute();
}

describe('V4 every table', () => {
  test.each(exportNames)('V4 %s: its lines are what its schema says, no field more or less', async (table) => {
    const all = await lines(table);
    expect(all).not.toHaveLength(0);
    for (const line of all) expect(exportLines[table].parse(line)).toEqual(line);
  });

  test.each(exportNames)('V4 %s: cut off after any line, the rest comes exactly', async (table) => {
    const all = await lines(table);
    for (let broken = 1; broken < all.length; broken++) {
      const first = await lines(table, { limit: broken });
      const rest = await lines(table, { after: last(first) });
      expect(withoutCursors([...first, ...rest])).toEqual(withoutCursors(all));
    }
  });

  test('V4 one that there is not is a problem that names those that there are', async () => {
    for (const name of ['passwords', '__proto__', 'constructor']) {
      const { status, body } = await call('GET', `/exports/${name}`);
      expect([status, body.code]).toEqual([404, 'export_not_found']);
      for (const known of exportNames) expect(body.detail).toContain(known);
    }
  });

  test('V4 a cursor is of its table alone, and only one is given', async () => {
    const cursor = last(await lines('orders'));
    expect((await call('GET', `/exports/products?after=${cursor}`)).body.code).toBe('invalid_cursor');
    expect((await call('GET', '/exports/orders?after=nonsense')).body.code).toBe('invalid_cursor');
    const both = await call('GET', `/exports/orders?after=${cursor}&cursor=${cursor}`);
    expect([both.status, both.body.errors[0].field]).toEqual([400, 'cursor']);
    expect((await call('GET', '/exports/orders?limit=0')).body.errors[0].field).toBe('limit');
  });
});

describe('V4 what has changed since', () => {
  test('V4 comes next time, and nothing else; a row is as it is now', async () => {
    await newOrder('o-2');
    await allSettled();
    const all = await lines('orders');
    expect(all.map(({ orderId }) => orderId)).toEqual(['o-1', 'o-2']);
    expect(await lines('orders', { after: last(all) })).toEqual([]);
    await sql`update orders set state = 'cancelled' where order_id = 'o-2'`.execute(db);
    await newOrder('a-0');
    await allSettled();
    const news = await lines('orders', { after: last(all) });
    expect(news.map(({ orderId, state }) => [orderId, state])).toEqual([
      ['a-0', 'placed'],
      ['o-2', 'cancelled'],
    ]);
    expect(await lines('orders', { after: last(news) })).toEqual([]);
  });

  test('V4 also where only a part of the line has: an address, a line of an order, an offer, a block', async () => {
    const since = async (table: ExportName) => last(await lines(table));
    await allSettled();
    const before = {
      customers: await since('customers'),
      orders: await since('orders'),
      products: await since('products'),
      runs: await since('runs'),
    };
    const { customer } = seeded;
    await sql`update profiles set email = 'anna.k@example.com' where customer_id = ${customer} and kind = 'personal'`.execute(
      db,
    );
    await sql`update order_lines set quantity = 5 where order_id = 'o-1' and product_id = 'cup'`.execute(db);
    await sql`update offers set stock = 7 where product_id = 'kettle' and region = '*'`.execute(db);
    await sql`update run_blocks set left_at = ${start}, result = 'passed' where result is null`.execute(db);
    const news = async (table: keyof typeof before) => lines(table, { after: before[table] });
    expect(await news('customers')).toMatchObject([
      { id: customer, profiles: [{ kind: 'personal', email: 'anna.k@example.com' }, { kind: 'corporate' }] },
    ]);
    expect(await news('orders')).toMatchObject([{ orderId: 'o-1', lines: [{ productId: 'cup', quantity: 5 }, {}] }]);
    expect(await news('products')).toMatchObject([{ id: 'kettle', offers: [{ region: '*', stock: 7 }, {}] }]);
    const [run] = (await news('runs')) as { blocks?: { result: string }[] }[];
    expect(run?.blocks?.map(({ result }) => result)).toEqual(['passed', 'passed', 'passed']);
  });

  test('V4 a writer that commits after a reader went by is not missed', async () => {
    await allSettled();
    const before = await lines('orders');
    const writer = await pool.connect();
    await writer.query('begin');
    await writer.query(
      `insert into orders (order_id, customer_id, profile, state, total, currency, placed_at, state_at)
        values ('a-late', $1, 'personal', 'placed', 1, 'RUB', $2, $2)`,
      [seeded.customer, start],
    );
    await newOrder('z-meanwhile');
    const meanwhile = await lines('orders', { after: last(before) });
    expect(meanwhile.map(({ orderId }) => orderId)).toEqual(['z-meanwhile']);
    await writer.query('commit');
    writer.release();
    const later = await lines('orders', { after: last(meanwhile) });
    expect(later.map(({ orderId }) => orderId)).toContain('a-late');
  });

  test('V4 whatever is written while a reader reads bit by bit, their copy is the table in the end', async () => {
    const word = fc.string({
      unit: fc.constantFrom('a', 'Z', '1', '/', '"', 'ё', '漢', '🐈', ' '),
      minLength: 1,
      maxLength: 8,
    });
    const step = fc.record({
      orderId: word,
      state: fc.constantFrom('placed', 'cancelled'),
      limit: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const copy = new Map<unknown, unknown>();
        let after: string | undefined;
        const read = async (limit?: number) => {
          const found = await lines('orders', { ...(after && { after }), ...(limit && { limit }) });
          for (const { orderId, state } of found) copy.set(orderId, state);
          after = found.at(-1)?.cursor ?? after;
        };
        for (const { orderId, state, limit } of steps) {
          await sql`insert into orders (order_id, customer_id, profile, state, total, currency, placed_at, state_at)
            values (${orderId}, ${seeded.customer}, 'personal', ${state}, 1, 'RUB', ${start}, ${start})
            on conflict (order_id) do update set state = excluded.state`.execute(db);
          await read(limit);
        }
        // The rest of the round that it is in, then what changed since that began.
        await read();
        await read();
        const rows = await db.selectFrom('orders').select(['order_id', 'state']).execute();
        expect(copy).toEqual(new Map(rows.map(({ order_id, state }) => [order_id, state])));
      }),
      { numRuns: 15 },
    );
  });

  test('V4 a cursor of another server, or of long ago, is answered with everything', async () => {
    const all = await lines('products');
    const cursor = JSON.parse(Buffer.from(last(all), 'base64url').toString());
    const asked = (change: Record<number, unknown>) =>
      lines('products', {
        after: Buffer.from(JSON.stringify(Object.assign([...cursor], change))).toString('base64url'),
      });
    expect(await asked({ 4: '42' })).toHaveLength(all.length);
    expect(await asked({ 2: '9999999999999' })).toHaveLength(all.length);
  });
});

test('V4 who was erased or merged is not in it; a reader who had them is told once', async () => {
  const { customer, merged, erased } = seeded;
  const all = await lines('customers');
  const ids = all.map(({ id }) => id);
  expect(ids).toContain(customer);
  expect(ids).not.toContain(merged);
  expect(ids).not.toContain(erased);
  expect((await lines('segment-members')).map(({ customerId }) => customerId)).toEqual([customer]);
  const [boris, vera] = [newId(now), newId(now)];
  for (const id of [boris, vera]) await db.insertInto('customers').values({ id, created_at: now }).execute();
  const both = await lines('customers', { after: last(all) });
  expect(both.map(({ id }) => id)).toEqual(expect.arrayContaining([boris, vera]));
  await allSettled();
  const quiet = last([...both, ...(await lines('customers', { after: last(both) }))]);
  await eraseCustomer(db, boris, now);
  await sql`update customers set merged_into = ${customer} where id = ${vera}`.execute(db);
  await allSettled();
  const news = await lines('customers', { after: quiet });
  expect(news).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ id: boris, gone: 'erased', mergedInto: null }),
      expect.objectContaining({ id: vera, gone: 'merged', mergedInto: customer }),
    ]),
  );
  expect((await lines('customers')).map(({ id }) => id)).not.toContain(boris);
});

test('V4 messages have no address, and engagements no browser', async () => {
  const text = JSON.stringify([...(await lines('messages')), ...(await lines('engagements'))]);
  expect(text).not.toMatch(/@|userAgent|address/);
});

describe('V4 fifty thousand rows', () => {
  test('V4 come each once and in order, however slowly they are taken', async () => {
    await plantMessages(db, seeded.customer, 50_000);
    const response = await fetch(`${url}/api/v1/exports/messages`, { headers: { authorization: `Bearer ${apiKey}` } });
    const ids: string[] = [];
    let rest = '';
    for await (const chunk of response.body ?? []) {
      const parts = (rest + Buffer.from(chunk).toString()).split('\n');
      rest = parts.pop() ?? '';
      ids.push(...parts.map((line) => JSON.parse(line).id));
      await turn();
    }
    expect(rest).toBe('');
    expect(ids).toHaveLength(50_002);
    expect(ids).toEqual([...new Set(ids)].toSorted());
  });

  test('V4 a connection that breaks off anywhere costs nothing: the last whole line leads on', async () => {
    const all = (await lines('messages')).map(({ id }) => id);
    for (const bytes of [1, 100_000, 3_000_000]) {
      const response = await fetch(`${url}/api/v1/exports/messages`, {
        headers: { authorization: `Bearer ${apiKey}` },
      });
      let text = '';
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk).toString('latin1');
        // Leaving the loop breaks the connection off.
        if (text.length >= bytes) break;
      }
      const whole: Line[] = text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
      const rest = await lines('messages', { after: last(whole) });
      expect([...whole, ...rest].map(({ id }) => id)).toEqual(all);
    }
  });

  test('V4 are read as they are taken: a page when the one before is gone, and nothing is held in between', async () => {
    let statements = 0;
    const counted = connect(pool).withPlugin({
      transformQuery: ({ node }) => {
        statements += 1;
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    const pages = readTable(counted, exportedTables.messages, { from: null, until: now, limit: 50_000 });
    const sizes = [];
    for (let page = 1; page <= 3; page++) {
      const { value } = await pages.next();
      sizes.push(value?.length);
      await turn();
      // Two a page, and one for where it begins.
      expect(statements).toBe(1 + 2 * page);
      expect(pool.idleCount).toBe(pool.totalCount);
    }
    expect(sizes).toEqual([999, 1000, 1000]);
    await pages.return(undefined);
  });

  test('V4 cut off in the middle of many, the rest is exact; of many, only the changed come', async () => {
    const first = await lines('messages', { limit: 30_500 });
    const rest = await lines('messages', { after: last(first) });
    expect(first.length + rest.length).toBe(50_002);
    expect(rest[0]?.id).toBe('f0000000-0000-7000-8000-000000007723');
    await sql`update messages set opened_at = ${start}, opened_by = 'human'
      where id in ('f0000000-0000-7000-8000-000000000003', 'f0000000-0000-7000-8000-00000000c34f')`.execute(db);
    await allSettled();
    const again = last([...rest, ...(await lines('messages', { after: last(rest) }))]);
    await allSettled();
    const before = last([{ cursor: again }, ...(await lines('messages', { after: again }))]);
    await sql`update messages set clicked_at = ${start} where id = 'f0000000-0000-7000-8000-00000000c34f'`.execute(db);
    const news = await lines('messages', { after: before });
    expect(news.map(({ id }) => id)).toEqual(['f0000000-0000-7000-8000-00000000c34f']);
    expect(news[0]?.clickedAt).toBe(start.toISOString());
  });
});
