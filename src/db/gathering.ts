import type { Db } from './connect.ts';
import { GroupEnd } from './group-end.ts';
import { inOrder } from './pipeline.ts';
import { begin, PipelinedTrx } from './transaction.ts';

/** A group that takes longer waits for somebody else's lock; those behind it do not wait with it. */
const patienceMs = 50;
/** More would hold their locks for too long. */
const largestGroup = 32;

/** What all of a group need, in the order of their requests: its statements go out behind BEGIN. */
export type Prepare<Request, Given> = (trx: PipelinedTrx, requests: readonly Request[]) => Promise<readonly Given[]>;

interface Turn<Given> {
  trx: PipelinedTrx;
  given: Given;
  end: GroupEnd;
}

interface Waiting<Request, Given> {
  key: string;
  request: Request;
  /** Null: the group came to nothing. */
  begin(turn: Turn<Given> | null): void;
}

/**
 * Transactions that are asked for while another is under way share the next one: its BEGIN, its COMMIT and what `prepare` reads
 * else cost as much as all the rest. One group at a time: the longer it takes, the more share the next. Whoever is alone waits
 * for nobody. When one of a group fails it is rolled back, and each is served on its own: nobody fails by another's fault.
 */
export class Gathering<Request, Given> {
  readonly #db: Db;
  readonly #prepare: Prepare<Request, Given>;
  #waiting: Waiting<Request, Given>[] = [];
  #isBusy = false;
  #isCalled = false;

  constructor(db: Db, prepare: Prepare<Request, Given>) {
    this.#db = db;
    this.#prepare = prepare;
  }

  /** Commits what `act` writes, or `alone` where the group came to nothing. Of one `key` there is but one in a group, and the groups
   *  go in the order of the keys. */
  async run<T>(
    key: string,
    request: Request,
    act: (trx: PipelinedTrx, given: Given) => Promise<T>,
    alone: () => Promise<T>,
  ): Promise<T> {
    const turn = await new Promise<Turn<Given> | null>((begin) => {
      this.#waiting.push({ key, request, begin });
      this.#call();
    });
    if (turn === null) return alone();
    const { trx, given, end } = turn;
    try {
      const result = await act(trx, given);
      await trx.commit();
      return result;
    } catch (error) {
      await end.failed(trx);
      if (end.isOfOne) throw error;
      return alone();
    }
  }

  /** Those who come in one turn of the event loop go together. */
  #call(): void {
    if (this.#isCalled) return;
    this.#isCalled = true;
    process.nextTick(() => {
      this.#isCalled = false;
      if (!this.#isBusy && this.#waiting.length > 0) this.#serve(this.#take());
    });
  }

  /** The next group. Of two with one key the second has to see what the first has written. */
  #take(): Waiting<Request, Given>[] {
    const group = new Map<string, Waiting<Request, Given>>();
    const left: Waiting<Request, Given>[] = [];
    for (const one of this.#waiting) {
      if (group.size < largestGroup && !group.has(one.key)) group.set(one.key, one);
      else left.push(one);
    }
    this.#waiting = left;
    return [...group.values()];
  }

  #serve(group: readonly Waiting<Request, Given>[]): void {
    this.#isBusy = true;
    let isNext = false;
    const next = () => {
      if (isNext) return;
      isNext = true;
      this.#isBusy = false;
      this.#call();
    };
    const patience = setTimeout(next, patienceMs);
    // Whoever has begun already is not asked again.
    const served = this.#begin(group).catch(() => {
      for (const one of group) one.begin(null);
    });
    void served.then(() => clearTimeout(patience)).then(next);
  }

  #begin(group: readonly Waiting<Request, Given>[]): Promise<void> {
    const executor = this.#db.getExecutor();
    return executor.provideConnection(async (connection) => {
      const end = new GroupEnd(connection, group.length);
      const member = () => {
        const trx: PipelinedTrx = new PipelinedTrx(connection, executor, (last) => end.ready(trx, last));
        return trx;
      };
      try {
        const requests = group.map(({ request }) => request);
        const [, given] = await inOrder([connection.executeQuery(begin), this.#prepare(member(), requests)]);
        for (const [place, one] of group.entries()) one.begin({ trx: member(), given: given[place] as Given, end });
        await end.reached();
      } catch (error) {
        await end.rollBack();
        throw error;
      }
    });
  }
}
