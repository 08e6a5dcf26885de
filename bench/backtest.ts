import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Db } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import { sideDatabase } from '#scripts/backtest/database.ts';
import { play } from '#scripts/backtest/play.ts';
import { prepare } from '#scripts/backtest/prepare.ts';
import { journeysNamed, sideOf } from '#scripts/backtest/settings.ts';
import { linesOf } from '#scripts/files/lines.ts';
import { readMapping } from '#scripts/files/mapping.ts';
import { scratchFolder, scratchPostgres } from '#scripts/lib/scratch.ts';
import { segmentLines } from '#test/backtest/record.ts';
import { cleaningUp, median, type Result, round2 } from './lib.ts';

/** A month of a simulated shop, recorded as Segment JSON Lines: read, and played through intake, journeys, policy and ledger on the time
 *  machine, beside a plain reading of the same lines into a table. */
export const name = 'backtest';

const [customers, days] = [60, 30];
const rounds = 3;
const rowsAtOnce = 500;

export function run(): Promise<Result[]> {
  return cleaningUp(async (defer) => {
    const { dir, remove } = await scratchFolder();
    defer(remove);
    const postgres = await scratchPostgres(dir);
    defer(() => postgres.stop());
    const path = join(dir, 'record.jsonl');
    const lines = segmentLines(customers, days);
    writeFileSync(path, `${lines.join('\n')}\n`);
    const values: number[] = [];
    const baselines: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const scan = await timed(() => inDatabase(postgres.url, `scan_${round}`, (db) => scanAndInsert(db, path)));
      const played = await timed(() => playRecord(postgres.url, path, join(dir, String(round)), round));
      if (round === 0) continue; // the first of everything is slower
      baselines.push(lines.length / scan);
      values.push(lines.length / played);
    }
    const [value, baseline] = [median(values), median(baselines)];
    const baselineName = 'the same lines read and inserted into one table';
    return [
      {
        name,
        value: round2(value),
        unit: 'events/s',
        baseline: round2(baseline),
        baselineName,
        ratio: value / baseline,
      },
    ];
  });
}

/** Seconds. */
async function timed(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return (performance.now() - began) / 1_000;
}

async function inDatabase(template: string, database: string, act: (db: Db) => Promise<void>): Promise<void> {
  const { db, drop } = await sideDatabase(template, database);
  await act(db).finally(drop);
}

/** The least that could be done with a record. */
async function scanAndInsert(db: Db, path: string): Promise<void> {
  await sql`create table scanned (id uuid primary key, at timestamptz not null, name text, payload json not null)`.execute(
    db,
  );
  let rows: object[] = [];
  const insert = async () => {
    await sql`insert into scanned select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as row (id uuid, at timestamptz, name text, payload json)`.execute(db);
    rows = [];
  };
  for await (const { value } of linesOf(path)) {
    const { timestamp, event, ...call } = JSON.parse(value);
    rows.push({ id: newId(new Date(timestamp)), at: timestamp, name: event, payload: call });
    if (rows.length === rowsAtOnce) await insert();
  }
  await insert();
}

async function playRecord(template: string, path: string, cache: string, round: number): Promise<void> {
  const mapping = readMapping(undefined);
  const journeys = journeysNamed('all');
  const side = sideOf('A', { preset: 'default', file: undefined, mapping, journeys });
  const { shop } = side;
  const reading = { path, format: 'segment', mapping, zone: shop.zone, currency: shop.currency, shop } as const;
  const prepared = await prepare(cache, { ...reading, assumeReachable: false }, () => {});
  const database = await sideDatabase(template, `bench_${round}`);
  let messages = 0;
  const tell = (progress: { messages: number }) => {
    messages = progress.messages;
  };
  const period = { from: '2026-03-02', until: '2026-03-31' };
  await play({ prepared, period, side, journeys, database, tell }).finally(() => database.drop());
  // A figure about a record that moves nothing would be worth nothing.
  if (messages < prepared.about.events / 20) throw new Error(`${messages} messages are too few`);
}
