import { createHash } from 'node:crypto';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type pg from 'pg';

/** So many statements are kept prepared on each connection; a program has a few dozen that matter. */
const mostPrepared = 200;
/** So many texts are remembered as seen once. */
const mostSeen = 2_000;

/**
 * A pool whose connections keep statements prepared. What a decision reads is one large statement, and PostgreSQL would spend
 * several times longer on planning it than on running it; prepared, it is planned a few times a connection. A text is prepared
 * when it comes a second time, so that those with ever other numbers of parameters fill no memory.
 */
export function preparing(pool: pg.Pool): PostgresPool {
  const nameOf = namer();
  const clients = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  const wrap = (client: pg.PoolClient): PostgresPoolClient => {
    const query = (text: unknown, values?: readonly unknown[]) => {
      const name = typeof text === 'string' && values?.length ? nameOf(text) : undefined;
      return client.query({ text, values, ...(name !== undefined && { name }) } as pg.QueryConfig<unknown[]>);
    };
    return { query: query as PostgresPoolClient['query'], release: () => client.release() };
  };
  return {
    async connect() {
      const client = await pool.connect();
      // Kysely knows a connection by its client, so each has one wrapper.
      const known = clients.get(client) ?? wrap(client);
      clients.set(client, known);
      return known;
    },
    end: () => pool.end(),
  };
}

/** The name of a statement that has come before; undefined for what is not worth it. */
function namer(): (text: string) => string | undefined {
  const names = new Map<string, string>();
  const seen = new Set<string>();
  return (text) => {
    const known = names.get(text);
    if (known !== undefined) return known;
    if (!seen.has(text)) {
      if (seen.size < mostSeen) seen.add(text);
      return undefined;
    }
    if (names.size >= mostPrepared) return undefined;
    const name = createHash('sha256').update(text).digest('base64url').slice(0, 30);
    names.set(text, name);
    return name;
  };
}
