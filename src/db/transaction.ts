import {
  CompiledQuery,
  type DatabaseConnection,
  type KyselyProps,
  PostgresDialect,
  type QueryExecutor,
  Transaction,
} from 'kysely';
import type { Db } from './connect.ts';
import { inOrder } from './pipeline.ts';
import type { DB } from './schema.ts';

export const begin = CompiledQuery.raw('begin');
export const commit = CompiledQuery.raw('commit');
export const rollback = CompiledQuery.raw('rollback');

/** Commits behind a transaction's last statement, if there is one; resolves once that is sure. */
export type Commit = (last?: Promise<unknown>) => Promise<void>;

/**
 * A transaction whose statements go out when they are executed, whether or not those before them were waited for: what is
 * executed together (`inOrder`) costs one round trip. BEGIN goes out with the first of them, COMMIT with the last.
 */
export class PipelinedTrx extends Transaction<DB> {
  readonly #connection: Counting;
  readonly #commit: Commit;
  #isCommitted = false;

  constructor(connection: DatabaseConnection, executor: QueryExecutor, commit: Commit) {
    const counting = new Counting(connection);
    super({
      ...unused,
      executor: executor.withConnectionProvider({ provideConnection: (use) => use(counting) }),
    });
    this.#connection = counting;
    this.#commit = commit;
  }

  /** Executes the transaction's last statement with the COMMIT behind it. If it fails, COMMIT rolls back, and its error is told:
   *  what must not be committed has to fail in the database. */
  async last<T>(statement: () => Promise<T>): Promise<T> {
    const { sent } = this.#connection;
    const written = statement();
    // Behind the COMMIT it would be on its own.
    if (this.#connection.sent !== sent + 1) throw new Error('the last statement of a transaction must go out at once');
    await inOrder([written, this.commit(written)]);
    return written;
  }

  /** Does nothing after `last`. */
  async commit(last?: Promise<unknown>): Promise<void> {
    if (this.#isCommitted) return;
    this.#isCommitted = true;
    await this.#commit(last);
  }
}

/** Knows how many statements were sent. */
class Counting implements DatabaseConnection {
  sent = 0;
  readonly #connection: DatabaseConnection;

  constructor(connection: DatabaseConnection) {
    this.#connection = connection;
  }

  executeQuery<R>(query: CompiledQuery) {
    this.sent += 1;
    return this.#connection.executeQuery<R>(query);
  }

  streamQuery<R>(query: CompiledQuery, size?: number) {
    return this.#connection.streamQuery<R>(query, size);
  }
}

/** What a transaction of Kysely's would have to begin others. */
const dialect = new PostgresDialect({ pool: () => Promise.reject(new Error('a transaction has its connection')) });
const unused: Omit<KyselyProps, 'executor'> = { config: { dialect }, dialect, driver: dialect.createDriver() };

/** Runs `act` in a transaction, and commits unless it did (`last`) or failed. */
export function pipelined<T>(db: Db, act: (trx: PipelinedTrx) => Promise<T>): Promise<T> {
  const executor = db.getExecutor();
  return executor.provideConnection(async (connection) => {
    const begun = connection.executeQuery(begin);
    const trx = new PipelinedTrx(connection, executor, async () => void (await connection.executeQuery(commit)));
    try {
      const acting = act(trx);
      await inOrder([begun, acting]);
      await trx.commit();
      return acting;
    } catch (error) {
      // Fails where the connection was lost; then it is rolled back as well, and the pool throws it away.
      await connection.executeQuery(rollback).catch(() => {});
      throw error;
    }
  });
}
