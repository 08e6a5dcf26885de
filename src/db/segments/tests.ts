import { type RawBuilder, sql } from 'kysely';
import { durationMs } from '#domain/duration.ts';
import type { NumberTest, TimeTest } from '#domain/segments.ts';

/** Parts of conditions as SQL. Whatever comes from a document is a parameter; only our own words are text. */

export type Sql<T = boolean> = RawBuilder<T>;

/** All of them; true of none. */
export function allOf(parts: readonly (Sql | null | undefined)[]): Sql {
  const given = parts.filter((part) => part !== null && part !== undefined);
  return given.length === 0 ? sql`true` : sql`(${sql.join(given, sql` and `)})`;
}

/** One of them; false of none. */
export function anyOf(parts: readonly Sql[]): Sql {
  return parts.length === 0 ? sql`false` : sql`(${sql.join(parts, sql` or `)})`;
}

/** A part for what a document says; none where it says nothing. */
export function wanted<T>(said: T | null | undefined, part: (said: T) => Sql): Sql | null {
  return said === null || said === undefined ? null : part(said);
}

const operators = { gte: sql`>=`, gt: sql`>`, lte: sql`<=`, lt: sql`<`, eq: sql`=` } as const;

export function numberPasses(column: Sql<unknown>, test: NumberTest): Sql {
  const parts = (Object.keys(operators) as (keyof NumberTest)[]).flatMap((name) => {
    const bound = test[name];
    return bound === undefined ? [] : [sql<boolean>`${column} ${operators[name]} ${bound}::float8`];
  });
  return allOf(parts);
}

export function timePasses(column: Sql<unknown>, test: TimeTest | undefined, now: Date): Sql | null {
  if (test === undefined) return null;
  const ago = (duration: string) => new Date(now.getTime() - durationMs(duration));
  const { within, before, from, to } = test;
  return allOf([
    within === undefined ? null : sql<boolean>`${column} >= ${ago(within)}`,
    before === undefined ? null : sql<boolean>`${column} < ${ago(before)}`,
    from === undefined ? null : sql<boolean>`${column} >= ${new Date(from)}`,
    to === undefined ? null : sql<boolean>`${column} < ${new Date(to)}`,
  ]);
}

/** Of rows whose `column` is tested, those whose test time alone has turned since `since`. Null: none. Instants that are
 *  given (`from`, `to`) are turned by what comes, and that is looked at anyway. */
export function timeTurns(column: Sql<unknown>, test: TimeTest | undefined, since: Date, now: Date): Sql | null {
  const turns = [test?.within, test?.before].flatMap((duration) => {
    if (duration === undefined) return [];
    const ms = durationMs(duration);
    const [first, last] = [new Date(since.getTime() - ms), new Date(now.getTime() - ms)];
    return [sql<boolean>`(${column} >= ${first} and ${column} < ${last})`];
  });
  return turns.length === 0 ? null : sql`(${sql.join(turns, sql` or `)})`;
}

/** Earliest instant that a test lets pass: what is older need not be read. Null: it lets all. */
export function earliest(test: TimeTest | undefined, now: Date): Date | null {
  if (test?.within !== undefined) return new Date(now.getTime() - durationMs(test.within));
  return test?.from === undefined ? null : new Date(test.from);
}

export type Parts = readonly (Sql | null)[];

/** Whether the customer `c` has a row of `from` that is all of `parts`. */
export type HasRow = (from: Sql<unknown>, parts: Parts) => Sql;

/** Each table is read once for everybody. */
export const bySets: HasRow = (from, parts) =>
  sql`c.id in (select customer_id from ${from} where ${allOf([...parts, sql`customer_id is not null`])})`;

/** Rows are looked up by index for each customer that is asked about: the offset keeps PostgreSQL from making sets of it. */
export const oneByOne: HasRow = (from, parts) =>
  sql`exists (select from ${from} where ${allOf([...parts, sql`customer_id = c.id`])} offset 0)`;
