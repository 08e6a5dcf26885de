import { type Kysely, sql, type Transaction } from 'kysely';
import type { ChannelName } from '#domain/journey.ts';
import type { Locale } from '#domain/shop.ts';
import type { Variables } from '#domain/template-variables.ts';
import { newId } from './ids.ts';
import type { DB } from './schema.ts';

type Any = Kysely<DB> | Transaction<DB>;

export interface TemplateText {
  channel: ChannelName;
  locale: Locale;
  source: string;
}

/** A version of a template of the shop's own. Versions never change. */
export interface OwnTemplate {
  id: string;
  name: string;
  version: number;
  variables: Variables;
  texts: TemplateText[];
  author: string;
  createdAt: Date;
}

const columns = sql`id, name, version, variables, texts, author, created_at as "createdAt"`;

/** The newest version, or the one that is named; null where there is none. */
export async function findTemplate(db: Any, name: string, version?: number): Promise<OwnTemplate | null> {
  const { rows } = await sql<OwnTemplate>`
    select ${columns} from templates where name = ${name} and (${version ?? null}::int is null or version = ${version ?? null})
    order by version desc limit 1`.execute(db);
  return rows[0] ?? null;
}

export async function templateOf(db: Any, id: string): Promise<OwnTemplate | null> {
  const { rows } = await sql<OwnTemplate>`select ${columns} from templates where id = ${id}`.execute(db);
  return rows[0] ?? null;
}

/** The newest version of each, by name, those after `after`. */
export async function listTemplates(db: Any, after: string, limit: number): Promise<OwnTemplate[]> {
  const { rows } = await sql<OwnTemplate>`
    select distinct on (name) ${columns} from templates where name > ${after} order by name, version desc limit ${limit}`.execute(
    db,
  );
  return rows;
}

type NewTemplate = Pick<OwnTemplate, 'name' | 'variables' | 'texts' | 'author' | 'createdAt'>;

/** Writes the next version. With `expected` (the version that its author saw; 0: none) null where another came first. */
export async function saveTemplate(db: Any, template: NewTemplate, expected?: number): Promise<OwnTemplate | null> {
  const { name, variables, texts, author, createdAt } = template;
  const id = newId(createdAt);
  for (;;) {
    const { rows } = await sql<OwnTemplate>`
      insert into templates (id, name, version, variables, texts, author, created_at)
      select ${id}, ${name}, coalesce(max(version), 0) + 1, ${JSON.stringify(variables)}::jsonb, ${JSON.stringify(texts)}::jsonb,
        ${author}, ${createdAt}
      from templates where name = ${name}
      having ${expected ?? null}::int is null or coalesce(max(version), 0) = ${expected ?? null}::int
      on conflict do nothing returning ${columns}`.execute(db);
    if (rows[0]) return rows[0];
    // Without a row either the version is not the expected one, or somebody wrote the same number in this moment.
    if (expected !== undefined) return null;
  }
}
