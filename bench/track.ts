import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { connect, createPool } from '#db/connect.ts';
import { migrate } from '#db/migrate.ts';
import { scratchFolder } from '#scripts/lib/scratch.ts';
import { startPostgres } from '#scripts/provision/postgres.ts';
import { cleaningUp, type Defer, median, type Result, round2 } from './lib.ts';

/** Opens and clicks a second, committed before they are answered, beside an Express redirect that does one INSERT. Server,
 *  load and PostgreSQL are processes of their own on one machine. */
export const name = 'track';

const messages = 20_000;
const rounds = 3;
const baselineName = 'Express redirect, one INSERT a request';
const secret = 'a secret of the benchmarks';

interface Load {
  clicks: number;
  concurrency: number;
  warmUp: number;
  requests: number;
}

export function run(): Promise<Result[]> {
  return cleaningUp(async (defer) => {
    const { dir, remove } = await scratchFolder();
    defer(remove);
    const postgres = await startPostgres({ dataDir: dir });
    defer(() => postgres.stop());
    const ids = await seed(postgres.url);
    const [gateway, floor] = [await serve('gateway', postgres.url, defer), await serve('floor', postgres.url, defer)];
    const much = { warmUp: 3_000, requests: 15_000, concurrency: 64 };
    return [
      await compare('track-opens', { ...much, clicks: 0 }, ids, gateway, floor),
      await compare('track-clicks', { ...much, clicks: 1 }, ids, gateway, floor),
    ];
  });
}

/** Rounds take turns, so that what slows the machine down slows both. */
async function compare(label: string, job: Load, ids: string[], gateway: number, floor: number): Promise<Result> {
  const [values, baselines]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    baselines.push(await load(floor, job, ids));
    values.push(await load(gateway, job, ids));
  }
  const [value, baseline] = [median(values), median(baselines)];
  const ratio = round2(value / baseline);
  return {
    name: label,
    value: Math.round(value),
    unit: 'visits/s',
    baseline: Math.round(baseline),
    baselineName,
    ratio,
  };
}

/** Letters of an hour ago with three links each. */
async function seed(databaseUrl: string): Promise<string[]> {
  const pool = createPool(databaseUrl, 2);
  await migrate(connect(pool));
  await pool.query(`
    create table floor_visits (id uuid primary key, at timestamptz not null, kind text not null, token text not null, user_agent text);
    insert into customers (id, created_at) select uuidv7(), now() from generate_series(1, ${messages});
    insert into messages (id, customer_id, journey, block, channel, template, locale, class, kind, counts, state, settings_version,
      address, links, due_at, reserved_at, accepted_at)
    select uuidv7(), id, 'abandonment', 'cart-1', 'email', 'cart-reminder', 'ru', 'abandonment', 'marketing', true, 'accepted', 1,
      'anna@example.com', array['https://shop.example/cart', 'https://shop.example/1', 'https://shop.example/2'],
      now() - interval '1 hour', now() - interval '1 hour', now() - interval '1 hour' from customers;
    analyze;`);
  const { rows } = await pool.query<{ id: string }>('select id from messages order by random()');
  await pool.end();
  return rows.map(({ id }) => id);
}

async function serve(kind: string, databaseUrl: string, defer: Defer): Promise<number> {
  const args = [...process.execArgv, join(import.meta.dirname, 'track/server.ts'), kind, databaseUrl, secret];
  const server: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  defer(async () => void server.kill());
  const [port] = server.stdout ? await once(createInterface(server.stdout), 'line') : [];
  return Number(port);
}

async function load(port: number, job: Load, ids: string[]): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'track/load.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify({ host: '127.0.0.1', port, secret, messages: ids, ...job }));
  const { perSecond, failed } = JSON.parse(await text(child.stdout)) as { perSecond: number; failed: number };
  if (failed > 0) throw new Error(`${failed} visits were not answered`);
  return perSecond;
}

if (import.meta.main) for (const result of await run()) console.log(JSON.stringify(result));
