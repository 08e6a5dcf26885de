import { sql } from 'kysely';
import type { Db } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import { later, type Seeded, start } from './seed.ts';

/** A few rows of every table that `seed` leaves empty. */
export async function plantRest(db: Db, { customer, erased, messages }: Seeded): Promise<void> {
  await plantGoods(db);
  await plantCodes(db, customer);
  await plantSegment(db, [customer, erased]);
  await db
    .insertInto('consents')
    .values(
      [1, 2, 3].map((n) => ({
        id: newId(later(n)),
        customer_id: customer,
        purpose: 'advertising',
        channel: 'email',
        state: n === 2 ? 'denied' : 'granted',
        source: 'checkout',
        ip: '203.0.113.7',
        at: later(n),
      })),
    )
    .execute();
  await sql`insert into customer_metrics (customer_id, profile, orders, turnover, discounted, first_order_at, last_order_at, code, score,
      segment, stage, stage_at)
    select ${customer}, profile, 2, 3000, 0, ${start}, ${later(1000)}, 323, 555, 'best', 'potential', ${start}
    from unnest(array['personal', 'corporate']) profile`.execute(db);
  await sql`insert into stage_transitions (customer_id, profile, from_stage, to_stage, at)
    values (${customer}, 'personal', null, 'new', ${start}), (${customer}, 'personal', 'new', 'potential', ${later(9)})`.execute(
    db,
  );
  // A provider tells late what was before all that is there.
  const early = { id: newId(later(1500)), at: later(1500), message_id: messages[0] ?? '', kind: 'delivered' };
  await db.insertInto('message_events').values(early).execute();
}

async function plantGoods(db: Db): Promise<void> {
  await sql`insert into order_lines (order_id, product_id, quantity, price, old_price, cost)
    values ('o-1', 'kettle', 1, 100000, 120000, 60000), ('o-1', 'cup', 2, 10000, null, null)`.execute(db);
  await sql`insert into products (id, name, url, published_at, updated_at)
    select id, id, 'https://shop.example/' || id, ${start}, ${start} from unnest(array['kettle', 'cup', 'чашка']) id`.execute(
    db,
  );
  await sql`insert into offers (product_id, region, price, old_price, currency, stock, updated_at)
    values ('kettle', '*', 100000, 120000, 'RUB', 3, ${start}), ('kettle', 'msk', 99000, null, 'RUB', 0, ${start})`.execute(
    db,
  );
}

async function plantCodes(db: Db, customer: string): Promise<void> {
  const pool = newId(start);
  await sql`insert into promo_pools (id, name, kind, sizes, expiry, low_stock, created_at)
    values (${pool}, 'spring', 'imported', '[]', '{}', 0, ${start})`.execute(db);
  await sql`insert into promo_codes (key, code, pool_id, size, percent, amount, currency, customer_id, run_id, block, iteration, issued_at,
      expires_at) values
    ('A-1', 'a-1', ${pool}, 'all', 10, null, null, null, null, null, null, null, null),
    ('A-2', 'A-2', ${pool}, 'all', null, 5000, 'RUB', ${customer}, (select id from runs limit 1), 'cart-1', 1, ${start}, ${later(1e6)})`.execute(
    db,
  );
}

async function plantSegment(db: Db, members: readonly string[]): Promise<void> {
  const id = newId(start);
  await db.insertInto('segments').values({ id, name: 'buyers', created_at: start }).execute();
  const rows = members.map((customer_id) => ({ segment_id: id, customer_id }));
  await db
    .insertInto('segment_members')
    .values(rows.map((row) => ({ ...row, since: start })))
    .execute();
  await db
    .insertInto('segment_changes')
    .values(rows.map((row) => ({ ...row, entered: true, at: start })))
    .execute();
}

/** `count` letters, in the order of their ids, each about 500 bytes long as a line. */
export async function plantMessages(db: Db, customer: string, count: number): Promise<void> {
  await sql`
    insert into messages (id, customer_id, journey, block, iteration, channel, template, locale, class, kind, counts, state,
      settings_version, due_at, reserved_at, accepted_at)
    select ('f0000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, ${customer}, 'campaign', 'news', n, 'email', 'news', 'en',
      'bulk', 'marketing', true, 'accepted', 1, ${start}, ${start}, ${start} from generate_series(1, ${count}::int) n`.execute(
    db,
  );
}
