import { CompiledQuery, type Kysely, type RawBuilder, sql } from 'kysely';
import type { DB } from './schema.ts';

/** A value that stands in a statement, or a place for one. */
export type Value<T> = T | RawBuilder<T>;

/** A place for what `of` takes from the input. */
export type Give<Input> = <T>(of: (input: Input) => T) => RawBuilder<T>;

/**
 * A statement whose text is made once, at its first execution; then only its values are taken from the input. Building a large
 * one anew each time costs as much as sending it. What `build` makes must not depend on anything else that changes.
 */
export function statement<Input, Row = unknown>(build: (give: Give<Input>) => RawBuilder<Row>) {
  let made: { text: string; values: ((input: Input) => unknown)[] } | undefined;
  return async (db: Kysely<DB>, input: Input): Promise<Row[]> => {
    made ??= make(build, db);
    const values = made.values.map((of) => of(input));
    const { rows } = await db.executeQuery<Row>(CompiledQuery.raw(made.text, values));
    return rows;
  };
}

/**
 * One of a few statements: `flagsOf` says what an input needs of it, and `build` makes the text for those flags. What need not be
 * written is not even looked at.
 */
export function flaggedStatement<Flags extends Record<string, boolean>, Input, Row = unknown>(
  flagsOf: (input: Input) => Flags,
  build: (give: Give<Input>, flags: Flags) => RawBuilder<Row>,
) {
  const made = new Map<string, ReturnType<typeof statement<Input, Row>>>();
  return (db: Kysely<DB>, input: Input): Promise<Row[]> => {
    const flags = flagsOf(input);
    const key = Object.values(flags).join();
    const one = made.get(key) ?? statement<Input, Row>((give) => build(give, flags));
    made.set(key, one);
    return one(db, input);
  };
}

function make<Input, Row>(build: (give: Give<Input>) => RawBuilder<Row>, db: Kysely<DB>) {
  const places = new Map<unknown, (input: Input) => unknown>();
  const give: Give<Input> = <T>(of: (input: Input) => T) => {
    const place = {};
    places.set(place, of);
    return sql<T>`${place}`;
  };
  const { sql: text, parameters } = build(give).compile(db);
  return { text, values: parameters.map((value) => places.get(value) ?? (() => value)) };
}
