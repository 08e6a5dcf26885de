import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { connect, createPool } from '#db/connect.ts';
import { createKey } from '#db/keys.ts';
import { migrate } from '#db/migrate.ts';
import { scratchFolder } from '#scripts/lib/scratch.ts';
import { startPostgres } from '#scripts/provision/postgres.ts';
import { median, type Result } from './lib.ts';

/** Durable events a second over HTTP, beside a hand-written handler that does one INSERT a request. Server, load and
 *  PostgreSQL are processes of their own on one machine; PostgreSQL waits for the disk at each commit, as it does by default. */
export const name = 'ingest';

const customers = 20_000;
const products = 5_000;
/** Rounds take turns, so that what slows the machine down slows both. */
const rounds = 3;
const baselineName = 'Express handler, one INSERT a request';

interface Load {
  concurrency: number;
  batch: number;
  warmUp: number;
  requests: number;
}

export async function run(): Promise<Result[]> {
  const { dir, remove } = await scratchFolder();
  const postgres = await startPostgres({ dataDir: dir });
  try {
    return await measureAll(postgres.url);
  } finally {
    await postgres.stop();
    await remove();
  }
}

async function measureAll(databaseUrl: string): Promise<Result[]> {
  const authorization = await seed(databaseUrl);
  const gateway = await startServer('gateway', databaseUrl);
  const floor = await startServer('floor', databaseUrl);
  const single = { batch: 1, warmUp: 3_000, requests: 15_000 };
  const loads: [string, Load, Load][] = [
    ['ingest-single-64', { ...single, concurrency: 64 }, { ...single, concurrency: 64 }],
    ['ingest-single-256', { ...single, concurrency: 256 }, { ...single, concurrency: 256 }],
    ['ingest-batch', { concurrency: 64, batch: 100, warmUp: 50, requests: 400 }, { ...single, concurrency: 64 }],
  ];
  try {
    const results: Result[] = [];
    for (const [label, ours, theirs] of loads) {
      const values: number[] = [];
      const baselines: number[] = [];
      for (let round = 0; round < rounds; round++) {
        baselines.push(await load(floor.port, authorization, theirs));
        values.push(await load(gateway.port, authorization, ours));
      }
      results.push(compare(label, median(values), median(baselines)));
    }
    return results;
  } finally {
    gateway.process.kill();
    floor.process.kill();
  }
}

function compare(label: string, value: number, baseline: number): Result {
  const round = (number: number, digits: number) => Number(number.toFixed(digits));
  return {
    name: label,
    value: round(value, 0),
    unit: 'events/s',
    baseline: round(baseline, 0),
    baselineName,
    ratio: round(value / baseline, 2),
  };
}

/** Known customers and the source. Nine of ten have a live run: a session's first events start one, the rest find it. Returns the value of `Authorization`. */
export async function seed(databaseUrl: string): Promise<string> {
  const pool = createPool(databaseUrl, 2);
  const db = connect(pool);
  await migrate(db);
  await pool.query(`
    create table floor_events (id uuid primary key, received_at timestamptz not null, message_id text not null,
      type text not null, name text not null, user_id text, anonymous_id text not null, payload json not null)`);
  await pool.query(`
    insert into customers (id, created_at, last_seen_at) select uuidv7(), now(), now() from generate_series(1, ${customers});
    create temporary table c as select id, row_number() over (order by id) - 1 as n from customers;
    insert into identities (kind, value, customer_id, since)
      select 'anonymous_id', 'a' || n, id, now() from c union all select 'user_id', 'u' || n, id, now() from c where n % 5 > 0;
    insert into identities (kind, value, customer_id, since) select 'email', 'c' || n || '@example.com', id, now() from c where n % 5 > 0;
    insert into profiles (customer_id, kind, email, email_at, last_activity_at)
      select id, 'personal', case when n % 5 > 0 then 'c' || n || '@example.com' end, now(), now() from c;
    insert into runs (id, workflow_id, journey, class, key, customer_id, settings_version, trigger_at, entered_at, read_seq)
      select uuidv7(), 'abandonment:' || id || ':personal', 'abandonment', 'abandonment', 'personal', id, 1, now(), now(), 0 from c where n % 10 > 0;
    analyze;`);
  const source = await createKey(db, 'sources', 'bench', new Date());
  await pool.end();
  return `Basic ${Buffer.from(`${source?.key}:`).toString('base64')}`;
}

export async function startServer(kind: string, databaseUrl: string): Promise<{ port: number; process: ChildProcess }> {
  const args = [...process.execArgv, join(import.meta.dirname, 'ingest/server.ts'), kind, databaseUrl];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = await once(createInterface(server.stdout), 'line');
  return { port: Number(port), process: server };
}

export async function load(port: number, authorization: string, job: Load): Promise<number> {
  const file = join(import.meta.dirname, 'ingest/load.ts');
  const given = JSON.stringify({ host: '127.0.0.1', port, authorization, customers, products, ...job });
  const { stdout } = await promisify(execFile)(process.execPath, [file, given], { maxBuffer: 1e6 });
  const { perSecond, failed } = JSON.parse(stdout) as { perSecond: number; failed: number };
  if (failed > 0) throw new Error(`${failed} requests were not answered with 200`);
  return perSecond;
}

if (import.meta.main) for (const result of await run()) console.log(JSON.stringify(result));
