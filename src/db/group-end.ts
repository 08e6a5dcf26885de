import type { DatabaseConnection } from 'kysely';
import { commit, type PipelinedTrx, rollback } from './transaction.ts';

/** The end of a transaction that several share: COMMIT when all of them are ready, ROLLBACK when one has failed. */
export class GroupEnd {
  readonly #connection: DatabaseConnection;
  readonly #members: number;
  readonly #done = new Set<PipelinedTrx>();
  readonly #writes: Promise<unknown>[] = [];
  readonly #end = Promise.withResolvers<{ failure: unknown } | null>();
  #isBroken = false;

  constructor(connection: DatabaseConnection, members: number) {
    this.#connection = connection;
    this.#members = members;
  }

  get isOfOne(): boolean {
    return this.#members === 1;
  }

  /** A member has sent all that it writes, `last` at the end. Resolves when the group is committed; rejects when it was rolled back. */
  async ready(member: PipelinedTrx, last?: Promise<unknown>): Promise<void> {
    if (last !== undefined) this.#writes.push(last);
    this.#leave(member);
    const failed = await this.#end.promise;
    if (failed !== null) throw failed.failure;
  }

  /** A member has failed. Resolves when the group is rolled back: until then others may be sending, and behind a ROLLBACK their
   *  statements would be on their own. */
  async failed(member: PipelinedTrx): Promise<void> {
    if (!this.#done.has(member)) this.#isBroken = true;
    this.#leave(member);
    await this.#end.promise;
  }

  /** Resolves when it is committed or rolled back. */
  async reached(): Promise<void> {
    await this.#end.promise;
  }

  /** Fails where the connection was lost; then it is rolled back as well, and the pool throws it away. */
  async rollBack(): Promise<void> {
    await this.#connection.executeQuery(rollback).catch(() => {});
  }

  #leave(member: PipelinedTrx): void {
    if (this.#done.has(member)) return;
    this.#done.add(member);
    if (this.#done.size === this.#members) void this.#finish();
  }

  async #finish(): Promise<void> {
    if (this.#isBroken) {
      await this.rollBack();
      this.#end.resolve({ failure: new Error('another of the same transaction has failed') });
      return;
    }
    // COMMIT after a statement that has failed rolls back and says so to nobody: the statement does.
    const ends = [...this.#writes, this.#connection.executeQuery(commit)];
    const failed = (await Promise.allSettled(ends)).find((one) => one.status === 'rejected');
    this.#end.resolve(failed === undefined ? null : { failure: failed.reason });
  }
}
