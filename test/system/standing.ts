import { sql } from 'kysely';
import type { Db } from '#db/connect.ts';
import type { Plant } from './plant.ts';

/** What nobody has ended yet, and why; columns of text. */
const looks: Readonly<Record<string, string>> = {
  'messages by state': `select journey, state, count(*)::text from messages group by 1, 2 order by 1, 2`,
  'runs by end': `select journey, coalesce(outcome, 'waits in ' || block, '-') as stands, count(*)::text from runs group by 1, 2 order by 1, 2`,
  'messages that are not ended': `
    select m.id, m.journey, m.block, m.iteration, m.channel, m.kind, m.state, m.attempts, m.reason, m.reserved_at,
      m.lease_until - now() as lease_left, r.workflow_id, r.outcome as run
    from messages m left join runs r on r.id = m.run_id where m.state in ('reserved', 'submitting', 'failed') order by m.id limit 20`,
  'live runs': `select workflow_id, block, due_at from runs where ended_at is null order by due_at limit 20`,
  outbox: `select workflow_id, signal, reason, attempts, last_error, claimed_until - now() as claimed_for from outbox limit 20`,
  items: `select id, state, is_queued, (select count(*) from queue_places where item_id = i.id and ended_at is null) as waiting,
      (select count(*) from holds where item_id = i.id and ended_at is null) as held,
      (select count(*) from item_news where item_id = i.id) as unheard from items i order by id`,
  'notices of what is not ended': `
    select n.item_id, n.message, n.iteration, n.channel, n.result, n.due_at, n.done_at from queue_notices n
    where n.done_at is null or exists (select from messages m join runs r on r.id = m.run_id and r.key = n.item_id
      where m.state in ('reserved', 'submitting') and m.block = n.message and m.iteration = n.iteration and m.channel = n.channel)
    order by n.due_at limit 20`,
};

/** Where everything stands, for the message of a failure: rows that are not ended, and what the processes have logged last. */
export async function standing(db: Db, plant: Plant): Promise<string> {
  const parts = Object.entries(looks).map(async ([title, text]) => `${title}:\n${await found(db, text)}`);
  const logs = (['gateway', 'worker'] as const).map((name) => `the ${name} said last:\n${plant.tail(name)}`);
  return [...(await Promise.all(parts)), ...logs].join('\n');
}

/** Rows as lines; a database that is away is one, too. */
async function found(db: Db, text: string): Promise<string> {
  const rows = await sql<object>`${sql.raw(text)}`.execute(db).then(
    (result) => result.rows,
    (error: unknown) => [{ error: String(error) }],
  );
  return rows.map((row) => `  ${Object.values(row).map(shown).join(' | ')}`).join('\n');
}

function shown(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
