import type { TestDatabase } from './database.ts';

/** Columns of the whole database, of every type, whose text holds one of the words, as `table.column: word`. */
export async function whereSaid({ pool }: TestDatabase, words: readonly string[]): Promise<string[]> {
  const { rows: columns } = await pool.query<{ table: string; column: string }>(`
    select c.table_name as table, c.column_name as column from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where table_schema = 'public' and t.table_type = 'BASE TABLE'`);
  const found = columns.map(async ({ table, column }) => {
    const { rows } = await pool.query<{ word: string }>(
      `select distinct word from "${table}", unnest($1::text[]) as word where position(lower(word) in lower("${column}"::text)) > 0`,
      [words],
    );
    return rows.map(({ word }) => `${table}.${column}: ${word}`);
  });
  return (await Promise.all(found)).flat().sort();
}
