import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type pg from 'pg';
import { startBusinessClock } from '#db/business-clock.ts';
import { connect, createPool } from '#db/connect.ts';
import { migrate } from '#db/migrate.ts';
import { readImportOptions } from '#scripts/import/options.ts';
import { importFile } from '#scripts/import/run.ts';
import { scratchFolder } from '#scripts/lib/scratch.ts';
import { createDatabase } from '#scripts/provision/databases.ts';
import { startPostgres } from '#scripts/provision/postgres.ts';
import { cleaningUp, type Result } from './lib.ts';

/**
 * Orders a second from a CSV file of order lines into an empty shop, beside a bare COPY of the very rows that it leaves into the same
 * tables; and of the same file once more, which changes nothing. `BENCH_ORDERS` sets how many there are, of a quarter as many customers.
 */
export const name = 'import';

const orders = Number(process.env.BENCH_ORDERS ?? 200_000);
const customers = Math.ceil(orders / 4);
/** In the order in which rows of one refer to another. */
const tables = ['customers', 'identities', 'profiles', 'event_keys', 'events', 'orders', 'order_lines'] as const;

export async function run(): Promise<Result[]> {
  return cleaningUp(async (defer) => {
    const { dir, remove } = await scratchFolder();
    defer(remove);
    const postgres = await startPostgres({ dataDir: dir });
    defer(() => postgres.stop());
    const imported = await emptyShop(postgres.url);
    const copied = await createDatabase(postgres.url, 'copied');
    const path = join(dir, 'orders.csv');
    await writeOrders(path);
    const first = await importing(path, imported);
    const again = await importing(path, imported);
    const copy = await copying(imported, copied, dir);
    const baselineName = 'COPY of the rows that it leaves';
    return [result('import', first, copy, baselineName), result('import-again', again, first, 'import')];
  });
}

function result(of: string, value: number, baseline: number, baselineName: string): Result {
  const ratio = Math.round((value / baseline) * 100) / 100;
  return { name: of, value: Math.round(value), unit: 'orders/s', baseline: Math.round(baseline), baselineName, ratio };
}

/** A database of the server that knows the tables and the shop's clock. */
async function emptyShop(url: string): Promise<string> {
  const pool = createPool(url, 1);
  const db = connect(pool);
  await migrate(db);
  await startBusinessClock(db, 1, Date.now());
  await db.destroy();
  return createDatabase(url, 'imported');
}

/** Two lines each, over three years. */
async function writeOrders(path: string): Promise<void> {
  const file = createWriteStream(path);
  file.write('order_id,customer_id,email,date,product_id,quantity,price,cost\n');
  const from = Date.parse('2023-05-01T00:00:00Z');
  const every = (3 * 365 * 86_400_000) / orders;
  for (let n = 0; n < orders; n++) {
    const person = (n * 7919) % customers;
    const about = `o${n},c${person},c${person}@example.com,${new Date(from + n * every).toISOString()}`;
    const lines = [n, n * 3 + 1].map(
      (product) => `${about},p${product % 5000},${1 + (n % 3)},${100 + (n % 900)}.50,60\n`,
    );
    if (!file.write(lines.join(''))) await once(file, 'drain');
  }
  file.end();
  await finished(file);
}

/** Orders a second. */
async function importing(path: string, url: string): Promise<number> {
  const options = readImportOptions(['orders', path]);
  const screen = { write: (text: string) => void process.stderr.write(text), isTerminal: false };
  return perSecond(async () => {
    const { refused } = await importFile(options, url, screen);
    if (refused > 0) throw new Error(`${refused} lines were refused`);
  });
}

async function copying(from: string, to: string, dir: string): Promise<number> {
  const [ours, theirs] = [createPool(from, 1), createPool(to, 1)];
  try {
    await eachTable((name) =>
      ours.query(`copy (select ${names[name] ?? '*'} from ${name}) to '${join(dir, name)}.copy' (format binary)`),
    );
    await ensureMonth(ours, theirs);
    return await perSecond(() =>
      eachTable((name) =>
        theirs.query(
          `copy ${name} ${names[name] ? `(${names[name]})` : ''} from '${join(dir, name)}.copy' (format binary)`,
        ),
      ),
    );
  } finally {
    await ours.end();
    await theirs.end();
  }
}

/** Columns that are not generated. */
const names: Readonly<Record<string, string>> = {
  customers: 'id, traits, traits_at, last_seen_at, created_at, version',
};

async function eachTable(act: (name: string) => Promise<unknown>): Promise<void> {
  for (const name of tables) await act(name);
}

/** The month that events were received in. */
async function ensureMonth(ours: pg.Pool, theirs: pg.Pool): Promise<void> {
  const { rows } = await ours.query<{ month: Date }>(
    "select distinct date_trunc('month', received_at) as month from events",
  );
  for (const { month } of rows) await theirs.query(`select ensure_month('events', $1::date)`, [month]);
}

async function perSecond(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return orders / ((performance.now() - start) / 1000);
}

if (import.meta.main) for (const result of await run()) console.log(JSON.stringify(result));
