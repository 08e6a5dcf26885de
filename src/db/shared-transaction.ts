import type { Db } from './connect.ts';
import { inOrder } from './pipeline.ts';
import { begin, commit, PipelinedTrx, rollback } from './transaction.ts';
import { Turns } from './turns.ts';

/** What all of a group need, in the order of their requests: its statements go out behind BEGIN. Nothing for one that has to be
 *  served on its own. */
export type Prepare<Request, Given> = (
  trx: PipelinedTrx,
  requests: readonly Request[],
) => Promise<readonly (Given | undefined)[]>;

interface Turn<Given> {
  trx: PipelinedTrx;
  given: Given;
  isAlone: boolean;
  failed(error: unknown): void;
  /** Resolves when the group is committed, rejects when it was rolled back. */
  end: Promise<void>;
}

interface Waiting<Request, Given> {
  key: string;
  request: Request;
  /** Null: it is served on its own. Only the first word counts. */
  start(turn: Turn<Given> | null): void;
}

/**
 * Transactions that are asked for while another is under way share the next one: its BEGIN, its COMMIT and what `prepare` reads
 * else cost as much as all the rest. Inside, one acts after the other: a lock that it takes does not keep out the others of its
 * own transaction. When one fails all is rolled back, and each is served on its own: nobody fails by another's fault.
 */
export class SharedTransactions<Request, Given> {
  readonly #db: Db;
  readonly #prepare: Prepare<Request, Given>;
  readonly #turns: Turns<Waiting<Request, Given>>;

  constructor(db: Db, prepare: Prepare<Request, Given>) {
    this.#db = db;
    this.#prepare = prepare;
    this.#turns = new Turns((group) =>
      this.#serve(group).catch(() => {
        for (const one of group) one.start(null);
      }),
    );
  }

  /** Commits what `act` writes, or else what `alone` does. Two with one `key` share nothing. */
  async run<T>(
    key: string,
    request: Request,
    act: (trx: PipelinedTrx, given: Given) => Promise<T>,
    alone: () => Promise<T>,
  ): Promise<T> {
    const turn = await new Promise<Turn<Given> | null>((start) => this.#turns.add({ key, request, start }));
    if (turn === null) return alone();
    try {
      const result = await act(turn.trx, turn.given);
      await turn.trx.commit();
      return result;
    } catch (error) {
      turn.failed(error);
      const isCommitted = await turn.end.then(
        () => true,
        () => false,
      );
      if (isCommitted || turn.isAlone) throw error;
      return alone();
    }
  }

  #serve(group: readonly Waiting<Request, Given>[]): Promise<void> {
    const executor = this.#db.getExecutor();
    return executor.provideConnection(async (connection) => {
      const { promise: end, ...ends } = Promise.withResolvers<void>();
      end.catch(() => {});
      const writes: Promise<unknown>[] = [];
      const act = ({ start }: Waiting<Request, Given>, given: Given): Promise<void> =>
        new Promise((sent, failed) => {
          const trx = new PipelinedTrx(connection, executor, (last) => {
            if (last !== undefined) writes.push(last);
            sent();
            return end;
          });
          start({ trx, given, isAlone: group.length === 1, failed, end });
        });
      try {
        const requests = group.map(({ request }) => request);
        const trx = new PipelinedTrx(connection, executor, () => end);
        const [, all] = await inOrder([connection.executeQuery(begin), this.#prepare(trx, requests)]);
        for (const [place, one] of group.entries()) {
          const given = all[place];
          if (given === undefined) one.start(null);
          else await act(one, given);
        }
        // After a statement that has failed COMMIT rolls back, and says so to nobody: the statement does.
        await inOrder([...writes, connection.executeQuery(commit)]);
        ends.resolve();
      } catch (error) {
        // Fails where the connection was lost; then it is rolled back as well, and the pool throws it away.
        await connection.executeQuery(rollback).catch(() => {});
        ends.reject(error);
        throw error;
      }
    });
  }
}
