import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { decideContacts } from '#activities/contacts.ts';
import { byIndex, connect, createPool, type Db } from '#db/connect.ts';
import type { ContactRequest } from '#db/contacts.ts';
import { migrate } from '#db/migrate.ts';
import { saveSettings } from '#db/settings.ts';
import { defaultPolicy } from '#domain/policy.ts';
import { defaultShop } from '#domain/shop.ts';
import { scratchFolder } from '#scripts/lib/scratch.ts';
import { startPostgres } from '#scripts/provision/postgres.ts';
import { cleaningUp, median, type Result, round2 } from './lib.ts';

/** Contact decisions a second, one at a time and by batches of 500, beside the least that keeps a cap at all: lock the customer,
 *  insert a row. Each decision reads consents, suppressions, sixty days of contacts and the plans of other runs. */
export const name = 'decide';

const customers = 20_000;
/** Contacts of the last two months for each customer, and a run that plans another. */
const contactsEach = 8;
const connections = 8;
const rounds = 3;
const singles = 4_000;
const batches = 40;
const batchSize = 500;
const now = new Date('2026-05-04T09:00:00Z');

export async function run(): Promise<Result[]> {
  return cleaningUp(async (defer) => {
    const { dir, remove } = await scratchFolder();
    defer(remove);
    const postgres = await startPostgres({ dataDir: dir });
    defer(() => postgres.stop());
    const pool = createPool(postgres.url, connections, byIndex);
    defer(() => pool.end());
    const db = connect(pool);
    // Joins of whole tables: by index alone they would take minutes.
    const seeding = createPool(postgres.url, 1);
    const people = await seed(db, seeding).finally(() => seeding.end());
    const measured: Record<'single' | 'batch' | 'floor', number[]> = { single: [], batch: [], floor: [] };
    for (let round = 0; round <= rounds; round++) {
      const one = {
        floor: await floor(pool, people),
        single: await single(db, people),
        batch: await batch(db, people),
      };
      // The first round warms up.
      if (round > 0) for (const key of ['single', 'batch', 'floor'] as const) measured[key].push(one[key]);
    }
    const [alone, together, least] = [median(measured.single), median(measured.batch), median(measured.floor)];
    const baselineName = 'select … for update, insert, one connection each';
    return [
      result('decide-single', alone, least, baselineName),
      result('decide-batch', together, alone, 'decide-single'),
    ];
  });
}

function result(of: string, value: number, baseline: number, baselineName: string): Result {
  return {
    name: of,
    value: Math.round(value),
    unit: 'decisions/s',
    baseline: Math.round(baseline),
    baselineName,
    ratio: round2(value / baseline),
  };
}

interface Person {
  id: string;
  runId: string;
}

async function seed(db: Db, pool: pg.Pool): Promise<Person[]> {
  await migrate(db);
  await saveSettings(db, 'shop', { ...defaultShop, quietHours: { from: '00:00', to: '00:00' } }, 'bench', now);
  await saveSettings(db, 'policy', defaultPolicy, 'bench', now);
  await pool.query(`
    create table floor_contacts (id uuid primary key, customer_id uuid not null, at timestamptz not null);
    insert into customers (id, created_at) select uuidv7(), now() from generate_series(1, ${customers});
    insert into profiles (customer_id, kind, email) select id, 'personal', id || '@example.com' from customers;
    insert into consent_states (customer_id, purpose, channel, state, at) select id, 'advertising', 'email', 'granted', now() from customers;
    insert into runs (id, workflow_id, journey, class, key, customer_id, settings_version, trigger_at, entered_at, read_seq)
      select uuidv7(), 'own:' || id, 'campaign', 'bulk', '', id, 1, now(), now(), 0 from customers;
    insert into runs (id, workflow_id, journey, class, key, customer_id, settings_version, trigger_at, entered_at, read_seq, due_at, plan)
      select uuidv7(), 'other:' || id, 'lifecycle', 'lifecycle', '', id, 1, now(), now(), 0, '2026-05-20'::timestamptz,
        jsonb_build_object('message', 'm', 'channel', 'email', 'until', extract(epoch from '2026-05-21'::timestamptz) * 1000,
          'obeys', true, 'counts', true, 'sale', false) from customers;
    insert into messages (id, customer_id, run_id, journey, block, channel, template, locale, class, kind, counts, state,
        settings_version, due_at, reserved_at)
      select uuidv7(), c.id, r.id, 'campaign', 'old-' || n, 'email', 't', 'en', 'bulk', 'marketing', true, 'delivered', 1, at, at
      from customers c join runs r on r.workflow_id = 'own:' || c.id, generate_series(1, ${contactsEach}) n,
        lateral (select '2026-05-04 09:00Z'::timestamptz - n * interval '6 days' as at) t;
    analyze;`);
  const { rows } = await pool.query<Person>(
    `select c.id, r.id as "runId" from customers c join runs r on r.workflow_id = 'own:' || c.id`,
  );
  return rows;
}

/** Runs `many` jobs on all connections; returns jobs a second. */
async function timed(many: number, job: (index: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (next < many) await job(next++);
    }),
  );
  return many / ((performance.now() - start) / 1000);
}

function floor(pool: pg.Pool, people: readonly Person[]): Promise<number> {
  return timed(singles, async (index) => {
    const client = await pool.connect();
    try {
      const id = people[index % people.length]?.id;
      await client.query('begin');
      await client.query('select 1 from customers where id = $1 for update', [id]);
      await client.query('insert into floor_contacts (id, customer_id, at) values ($1, $2, $3)', [
        randomUUID(),
        id,
        now,
      ]);
      await client.query('commit');
    } finally {
      client.release();
    }
  });
}

let asked = 0;
/** The default policy lets three a day go, so most of these are sent. */
function requestFor(person: Person | undefined): ContactRequest {
  if (person === undefined) throw new Error('there are no customers');
  return {
    customerId: person.id,
    profile: 'personal',
    runId: person.runId,
    journey: 'campaign',
    class: 'bulk',
    block: `mailing-${asked++}`,
    iteration: 1,
    channel: 'email',
    template: 'mailing',
    flags: { kind: 'marketing', obeys: true, counts: true, sale: false, quietHours: true },
    due: now,
    validForMs: 86_400_000,
  };
}

const about = { now, topic: 'offers', settingsVersion: 1 } as const;

function single(db: Db, people: readonly Person[]): Promise<number> {
  return timed(singles, (index) => decideContacts(db, [requestFor(people[(index * 7) % people.length])], about));
}

async function batch(db: Db, people: readonly Person[]): Promise<number> {
  const perSecond = await timed(batches, (index) => {
    const from = (index * batchSize) % people.length;
    return decideContacts(db, people.slice(from, from + batchSize).map(requestFor), about);
  });
  return perSecond * batchSize;
}

if (import.meta.main) for (const one of await run()) console.log(JSON.stringify(one));
