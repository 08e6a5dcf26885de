import { type RawBuilder, sql } from 'kysely';
import type { Db } from '#db/connect.ts';

/** Value of a primary key, column by column. Instants are to the millisecond, as everything that we write. */
export type Key = readonly (string | number | Date)[];
export type KeyType = 'uuid' | 'text' | 'bigint' | 'timestamptz';

/** Which rows are asked for by key. */
export interface Wanted {
  keys: readonly Key[];
  /** Only what has changed is read, so what is gone has to be told. */
  isChange: boolean;
}

/** A table as whole exports read it (V4): in the order of its primary key, so that a place in it stays a place. */
export interface ExportedTable<Line extends object = object> {
  /** In the database. */
  from: string;
  /** The primary key in its order: its index serves each page. */
  key: readonly (readonly [column: string, type: KeyType])[];
  /** Rows come in the order of the first column of the key, an instant, and stay as they are. */
  isLog?: true;
  /** Rows elsewhere that are part of the line, by the column that names the first of its key: it has changed where they have. */
  parts?: readonly (readonly [table: string, column: string])[];
  /** Lines of those rows, in any order; none for who is not to be shown. */
  read(db: Db, wanted: Wanted): Promise<Line[]>;
  keyOf(line: Line): Key;
}

/** How far a reader has got. Of a log the place is all. */
export interface Position {
  /** Behind this key; null: at the beginning. */
  place: Key | null;
  /** Rows that were written by this transaction or later ones; null: all. */
  since: string | null;
  /** The oldest transaction that might still write when this round began: the next one asks from here. Null: it has not begun. */
  began: string | null;
  /** Which server's transactions these are: after a restore elsewhere their numbers mean nothing. Null: of a log, which has none. */
  system: string | null;
}

export interface Placed<Line> {
  line: Line;
  position: Position;
}

export interface Asked {
  from: Position | null;
  /** Of a log: rows before this. What commits takes its time, and must not appear behind what was exported. */
  until: Date;
  limit: number;
}

const pageSize = 1_000;

/**
 * Reads a table page by page; each page is a few statements of its own, so nothing is held in between: neither rows nor a snapshot.
 *
 * A round through the table ends with a line whose position begins the next one: what has been written since this round began.
 * Nothing is lost in between, however late it commits: what is new is told by the transaction that wrote a row (`xmin`), against the
 * oldest that was still running when the round began. So a row may come twice, and the last one counts.
 */
export async function* readTable<Line extends object>(
  db: Db,
  table: ExportedTable<Line>,
  { from, until, limit }: Asked,
): AsyncGenerator<Placed<Line>[]> {
  let position = await valid(db, from);
  let isRest = position.place !== null && !table.isLog;
  let held: Placed<Line>[] = [];
  for (let left = limit; ; ) {
    const { wanted, last, isEnd } = await keysBehind(db, table, position, until);
    const placed = [...held, ...(await linesOf(db, table, wanted, position))].slice(0, left);
    if (placed.length === left) return yield placed;
    if (!isEnd) {
      // One is held back: whether it ends the round is not known yet.
      held = placed.splice(-1);
      left -= placed.length;
      position = { ...position, place: last };
      yield placed;
    } else if (placed.length > 0 || !isRest) {
      return yield table.isLog ? placed : endingRound(placed);
    } else {
      // Who was cut off at the very end of a round: nothing is left of it.
      isRest = false;
      position = await valid(db, nextRound(position));
    }
  }
}

/** The last line leads to the next round. */
function endingRound<Line>(placed: Placed<Line>[]): Placed<Line>[] {
  return placed.map((one, index) =>
    index === placed.length - 1 ? { ...one, position: nextRound(one.position) } : one,
  );
}

function nextRound({ began, system }: Position): Position {
  return { place: null, since: began, began: null, system };
}

async function linesOf<Line extends object>(
  db: Db,
  table: ExportedTable<Line>,
  keys: readonly Key[],
  position: Position,
): Promise<Placed<Line>[]> {
  if (keys.length === 0) return [];
  const lines = await table.read(db, { keys, isChange: position.since !== null });
  const byKey = new Map(lines.map((line) => [JSON.stringify(table.keyOf(line)), line]));
  return keys.flatMap((place) => {
    const line = byKey.get(JSON.stringify(place));
    return line ? [{ line, position: { ...position, place } }] : [];
  });
}

interface KeyPage {
  /** Those whose lines are asked for. */
  wanted: Key[];
  last: Key | null;
  isEnd: boolean;
}

async function keysBehind(
  db: Db,
  { from, key, isLog, parts }: Omit<ExportedTable, 'read' | 'keyOf'>,
  { place, since }: Position,
  until: Date,
): Promise<KeyPage> {
  const columns = key.map(([column]) => sql.ref(`t.${column}`));
  const bounds = isLog ? [sql`${columns[0]} < ${until}`] : [];
  if (place !== null) {
    const values = key.map(([, type], index) => sql`${place[index]}::${sql.raw(type)}`);
    // The first says which months are looked at.
    bounds.push(sql`${columns[0]} >= ${values[0]}`, sql`(${sql.join(columns)}) > (${sql.join(values)})`);
  }
  const named = columns.map((column, index) => sql`${column} as ${sql.ref(`k${index}`)}`);
  const { rows } = await sql<Record<string, string | number | Date> & { is_wanted: boolean }>`
    select ${sql.join(named)}, ${isWanted(since, columns[0], parts)} as is_wanted from ${sql.table(from)} t
    where ${sql.join([sql`true`, ...bounds], sql` and `)} order by ${sql.join(columns)} limit ${pageSize}`.execute(db);
  const keys = rows.map((row) => key.map((_, index) => row[`k${index}`] ?? ''));
  const wanted = keys.filter((_, index) => rows[index]?.is_wanted);
  return { wanted, last: keys.at(-1) ?? null, isEnd: rows.length < pageSize };
}

/** Each part is looked up by its index: without `offset 0` the planner reads all of it into a hash, for every page anew. */
function isWanted(since: string | null, id: RawBuilder<unknown> | undefined, parts: ExportedTable['parts'] = []) {
  if (since === null) return sql<boolean>`true`;
  const changed = parts.map(
    ([table, column]) => sql`exists (select from ${sql.table(table)} p where ${sql.ref(`p.${column}`)} = ${id}
      and ${isSince('p.xmin', since)} offset 0)`,
  );
  return sql<boolean>`(${sql.join([isSince('t.xmin', since), ...changed], sql` or `)})`;
}

/** Transactions' numbers are compared on the circle on which rows keep them (32 bits): half a circle ahead is later. */
function isSince(xmin: string, since: string): RawBuilder<boolean> {
  const start = (BigInt(since) % circle).toString();
  return sql<boolean>`((${sql.ref(xmin)}::text::bigint - ${start}::bigint + ${circle.toString()}::bigint)
    % ${circle.toString()}::bigint < ${(circle / 2n).toString()}::bigint)`;
}

const circle = 2n ** 32n;
/** Older ones begin to look new again; well before that everything is read anew. */
const oldest = 2_000_000_000n;

/** Where a reader goes on: from the beginning, where the numbers of their cursor mean nothing here, or nothing any more. */
async function valid(db: Db, from: Position | null): Promise<Position> {
  const { horizon, system } = await horizonOf(db);
  const known = [from?.since, from?.began].filter((xid) => typeof xid === 'string');
  const isAway = known.some((xid) => BigInt(xid) > BigInt(horizon) || BigInt(horizon) - BigInt(xid) > oldest);
  if (from === null || (from.system !== null && from.system !== system) || isAway)
    return { place: null, since: null, began: horizon, system };
  return { ...from, began: from.began ?? horizon };
}

async function horizonOf(db: Db): Promise<{ horizon: string; system: string }> {
  const { rows } = await sql<{ horizon: string; system: string }>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as horizon, system_identifier::text as system
    from pg_control_system()`.execute(db);
  return rows[0] ?? { horizon: '0', system: '' };
}

/** Rows of these keys, found by the primary key: what lies between the first and the last of them is one stretch of its index. */
export function among(alias: string, key: ExportedTable['key'], { keys }: Wanted): RawBuilder<boolean> {
  const columns = key.map(([column]) => sql.ref(`${alias}.${column}`));
  const lists = key.map(([, type], index) => sql`${keys.map((one) => one[index])}::${sql.raw(type)}[]`);
  const [first, type] = [columns[0], sql.raw(key[0]?.[1] ?? 'text')];
  return sql<boolean>`${first} between ${keys[0]?.[0]}::${type} and ${keys.at(-1)?.[0]}::${type}
    and (${sql.join(columns)}) in (select * from unnest(${sql.join(lists)}))`;
}
