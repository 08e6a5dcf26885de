import { sql } from 'kysely';
import { placeMinutes } from './scripts.ts';
import type { World } from './worlds.ts';

/** Ours are drawn by lot, where requests are kept by them. */
const ids = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

interface Told {
  email: string;
  /** Business ms. */
  at: number | null;
  line: string;
}

/** Everything that became of each customer, with the places of its time; who is who is told by the address. Runs
 *  of items are nobody's. */
export async function fates(world: World, since: number): Promise<Record<string, string[]>> {
  const { rows } = await sql<Told>`
    select coalesce(p.email, 'nobody') as email, extract(epoch from t.at) * 1000 as at, t.line from (
      select customer_id, accepted_at as at, concat_ws(' ', '1 message', journey, block, iteration, template, channel, state, opened_by) as line from messages
      union all
      select customer_id, at, concat_ws(' ', '2 decision', journey, block, iteration, channel, decision, reason) from decisions
      union all
      select customer_id, entered_at, concat_ws(' ', '3 run', journey, key, outcome, block) from runs
      union all
      select customer_id, null, concat_ws(' ', '4 block', b.block, b.iteration, result, reason, count(*)) from run_blocks b join runs r on r.id = b.run_id
      group by customer_id, b.block, b.iteration, result, reason) t
    left join profiles p on p.customer_id = t.customer_id and p.kind = 'personal'`.execute(world.db);
  const said = rows.map(({ email, at, line }) => {
    const place = at === null ? '' : ` in place ${Math.max(-1, Math.floor((at - since) / (placeMinutes * 60_000)))}`;
    return [email, `${line.replace(ids, 'an id')}${place}`] as const;
  });
  const of = (email: string) => said.filter(([whose]) => whose === email).map(([, line]) => line);
  return Object.fromEntries(
    [...new Set(said.map(([email]) => email))].sort().map((email) => [email, of(email).sort()]),
  );
}
