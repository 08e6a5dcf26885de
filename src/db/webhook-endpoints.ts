import { sql } from 'kysely';
import type { Db } from './connect.ts';
import { newId } from './ids.ts';

/** Whom the shop wants its webhooks to be sent to. */
export interface EndpointRow {
  id: string;
  url: string;
  events: string[];
  createdAt: Date;
}

/** Endpoints with what is on its way to them. */
export interface EndpointState extends EndpointRow {
  waiting: number;
  dead: number;
  lastDeliveredAt: Date | null;
  lastError: string | null;
}

/** What the seal of an endpoint's secret is bound to. */
export const sealContext = (endpointId: string) => `webhook endpoint ${endpointId}`;

/** Keeps the secret as `seal` makes it unreadable, given the row's id to bind the seal to. */
export async function addEndpoint(
  db: Db,
  { url, events }: Pick<EndpointRow, 'url' | 'events'>,
  seal: (id: string) => Buffer,
  at: Date,
): Promise<EndpointRow> {
  const id = newId(at);
  await db
    .insertInto('webhook_endpoints')
    .values({ id, url, events, sealed: seal(id), created_at: at })
    .execute();
  return { id, url, events, createdAt: at };
}

/** Newest first. */
export async function listEndpoints(db: Db): Promise<EndpointState[]> {
  const { rows } = await sql<EndpointState>`
    select e.id, e.url, e.events, e.created_at as "createdAt", d.* from webhook_endpoints e cross join lateral (
      select count(*) filter (where state = 'waiting')::int as waiting, count(*) filter (where state = 'dead')::int as dead,
        max(ended_at) filter (where state = 'delivered') as "lastDeliveredAt",
        (array_agg(last_error order by id desc) filter (where last_error is not null and state <> 'delivered'))[1] as "lastError"
      from webhook_deliveries where endpoint_id = e.id
    ) d order by e.id desc`.execute(db);
  return rows;
}

/** With everything that was on its way there. False where there is none with this id. */
export async function deleteEndpoint(db: Db, id: string): Promise<boolean> {
  return (await db.deleteFrom('webhook_endpoints').where('id', '=', id).returning('id').execute()).length > 0;
}

/** One that is to be handed over now. */
export interface DueDelivery {
  id: string;
  endpointId: string;
  url: string;
  sealed: Buffer;
  payload: string;
  attempts: number;
  /** Wall time since it was written, seconds. */
  ageSeconds: number;
}

/** Takes up to `limit` that are due, the oldest first, and keeps others off them for `claimSeconds` of wall time. */
export async function claimDeliveries(db: Db, limit: number, claimSeconds: number): Promise<DueDelivery[]> {
  const { rows } = await sql<DueDelivery>`
    with due as (
      select id from webhook_deliveries where state = 'waiting' and next_at <= now() order by next_at, id limit ${limit}
      for update skip locked
    )
    update webhook_deliveries d set next_at = now() + make_interval(secs => ${claimSeconds}), attempts = attempts + 1
    from due, webhook_endpoints e where d.id = due.id and e.id = d.endpoint_id
    returning d.id, d.endpoint_id as "endpointId", e.url, e.sealed, d.payload, d.attempts,
      extract(epoch from now() - d.created_at)::float8 as "ageSeconds"`.execute(db);
  return rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

export async function endDelivery(
  db: Db,
  id: string,
  state: 'delivered' | 'dead',
  error: string | null,
): Promise<void> {
  await sql`update webhook_deliveries set state = ${state}, ended_at = now(), last_error = ${error}
    where id = ${id} and state = 'waiting'`.execute(db);
}

/** Tried again after `delayMs` of wall time. `error` names a kind of failure, nothing personal. */
export async function postponeDelivery(db: Db, id: string, delayMs: number, error: string): Promise<void> {
  await sql`update webhook_deliveries set next_at = now() + make_interval(secs => ${delayMs / 1000}), last_error = ${error}
    where id = ${id} and state = 'waiting'`.execute(db);
}

/** Forgets what was delivered or given up more than `days` of wall time ago, a batch at a time. Returns how many it forgot; call again
 *  until it is 0. */
export async function pruneDeliveries(db: Db, days: number, batch = 10_000): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from webhook_deliveries where id in (
      select id from webhook_deliveries where state <> 'waiting' and ended_at < now() - make_interval(days => ${days})
      order by ended_at limit ${batch} for update skip locked)`.execute(db);
  return Number(numAffectedRows ?? 0);
}

export interface DeliveryRow {
  id: string;
  event: string;
  at: Date;
  state: string;
  attempts: number;
  nextAt: Date | null;
  lastError: string | null;
}

/** Newest first. */
export async function listDeliveries(db: Db, endpointId: string, limit: number): Promise<DeliveryRow[]> {
  const { rows } = await sql<DeliveryRow>`
    select id, event, at, state, attempts, case when state = 'waiting' then next_at end as "nextAt", last_error as "lastError"
    from webhook_deliveries where endpoint_id = ${endpointId}
    order by at desc, id desc limit ${limit}`.execute(db);
  return rows;
}
