import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Db } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import { saveSettings } from '#db/settings.ts';
import { defaultShop } from '#domain/shop.ts';
import type { Defer } from './lib.ts';

/** When each of the four cart messages is due, since the one before. */
export const waits = ['P1D', 'P1D', 'P1D', 'P1D'];

/** Nothing but time is in the way: no quiet hours, no cap, and lateness of a fast clock drops nothing. */
export async function setUpShop(db: Db, at: Date): Promise<void> {
  const years = 'P3650D';
  const messages = ['cart-reminder', 'cart-still-here', 'cart-questions', 'cart-last-call'];
  const steps = messages.map((message, index) => ({ message, after: waits[index], validFor: years }));
  const branches = { cart: { idle: waits[0], steps } };
  await saveSettings(db, 'shop', { ...defaultShop, quietHours: { from: '00:00', to: '00:00' } }, 'bench', at);
  await saveSettings(db, 'policy', { rules: [] }, 'bench', at);
  await saveSettings(db, 'abandonment', { entryValidFor: years, lookback: years, branches }, 'bench', at);
  await sql`insert into products (id, name, url, category, published_at, updated_at)
    select 'p' || n, 'Product ' || n, 'https://shop.example/p' || n, 'c' || n % 10, ${at}, ${at} from generate_series(1, 1000) n`.execute(
    db,
  );
  await sql`insert into offers (product_id, price, currency, stock, updated_at)
    select id, 100000, 'RUB', 10, ${at} from products`.execute(db);
}

/** A customer who has just left a cart of three goods. */
export async function seedCustomer(db: Db, at: Date): Promise<string> {
  const id = newId(at);
  await sql`with customer as (insert into customers (id, created_at) values (${id}, ${at})), profile as (
      insert into profiles (customer_id, kind, email, last_activity_at, activity_seq)
      values (${id}, 'personal', ${`${id}@example.com`}, ${at}, 1))
    insert into cart_items (customer_id, profile, product_id, quantity, added_at, updated_at)
    select ${id}, 'personal', 'p' || n, 1, ${at}, ${at} from generate_series(1, 3) n`.execute(db);
  return id;
}

/** An SMTP server in a process of its own; its address. */
export async function smtpSink(defer: Defer): Promise<string> {
  const child = fork(join(import.meta.dirname, 'smtp-sink.ts'));
  defer(async () => child.kill());
  const [port] = await once(child, 'message');
  return `smtp://127.0.0.1:${port}`;
}
