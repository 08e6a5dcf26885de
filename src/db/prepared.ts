import { createHash } from 'node:crypto';
import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type pg from 'pg';

/** So many statements are kept prepared on each connection; a program has a few dozen that matter. */
const mostPrepared = 200;
/** So many texts are remembered as seen once. */
const mostSeen = 2_000;

/** Named, unlike plain text, they are gathered with the statements around them. Other texts without values may be several. */
const ends = new Set(['begin', 'commit', 'rollback']);

/**
 * A pool whose connections keep statements prepared. What a decision reads is one large statement, and PostgreSQL would spend
 * several times longer on planning it than on running it; prepared, it is planned a few times a connection. A text is prepared
 * when it comes a second time, so that those with ever other numbers of parameters fill no memory.
 */
export function preparing(pool: pg.Pool): PostgresPool {
  const nameOf = namer();
  const clients = new WeakMap<pg.PoolClient, PreparingClient>();
  return {
    async connect() {
      const client = await pool.connect();
      // Kysely knows a connection by its client, so each has one of these.
      const known = clients.get(client) ?? new PreparingClient(client, nameOf);
      clients.set(client, known);
      return known;
    },
    end: () => pool.end(),
  };
}

class PreparingClient implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  readonly #nameOf: (text: string) => string | undefined;

  constructor(client: pg.PoolClient, nameOf: (text: string) => string | undefined) {
    this.#client = client;
    this.#nameOf = nameOf;
  }

  query<R>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    text: string | PostgresCursor<R>,
    values: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof text !== 'string') throw new TypeError('no cursors: read by pages');
    const name = values.length > 0 || ends.has(text) ? this.#nameOf(text) : undefined;
    const query = { text, values: values.map(written), ...(name !== undefined && { name }) };
    return this.#client.query(query) as Promise<unknown> as Promise<PostgresQueryResult<R>>;
  }

  release(): void {
    this.#client.release();
  }
}

const [year1, year10000] = [Date.parse('0001-01-01T00:00Z'), Date.parse('+010000-01-01T00:00Z')];

/** Instants as PostgreSQL reads them, where four digits make a year: pg puts them together by the local clock, ten times slower. */
function written(value: unknown): unknown {
  return value instanceof Date && value.getTime() >= year1 && value.getTime() < year10000 ? value.toISOString() : value;
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
