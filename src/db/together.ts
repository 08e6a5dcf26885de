import { AsyncLocalStorage } from 'node:async_hooks';
import type { Kysely } from 'kysely';
import type { Db } from './connect.ts';
import { perPool } from './per-pool.ts';
import { inOrder } from './pipeline.ts';
import type { DB } from './schema.ts';
import { pipelined } from './transaction.ts';
import { Turns } from './turns.ts';

/** One statement. It may be executed a second time, when the first came to nothing. */
type Write = (db: Kysely<DB>) => Promise<unknown>;

interface Waiting {
  key: string;
  write: Write;
  done(outcome: Outcome): void;
}

/** `again`: another of the group may have been at fault. */
type Outcome = 'written' | 'again' | { failure: unknown };

/** Executes a statement that stands for itself; those that come while others are written share one COMMIT, in the order of their
 *  `key`s, the ids of the rows that they lock. Two with one key share nothing. When one fails, each is executed alone. */
export async function together(db: Db, key: string, write: Write): Promise<void> {
  const bound = AsyncLocalStorage.bind(write);
  const outcome = await new Promise<Outcome>((done) => turnsOn(db).add({ key, write: bound, done }));
  if (outcome === 'again') await write(db);
  else if (outcome !== 'written') throw outcome.failure;
}

/** While one waits for the disk, the next is written. */
const groupsAtOnce = 2;

const turnsOn = perPool((db) => new Turns<Waiting>((group) => writeGroup(db, group), { atOnce: groupsAtOnce }));

async function writeGroup(db: Db, group: readonly Waiting[]): Promise<void> {
  const [only, another] = group;
  const writing = another === undefined ? only?.write(db) : inOneTransaction(db, group);
  const outcome = await Promise.resolve(writing).then(
    (): Outcome => 'written',
    (failure: unknown): Outcome => (another === undefined ? { failure } : 'again'),
  );
  for (const { done } of group) done(outcome);
}

function inOneTransaction(db: Db, group: readonly Waiting[]): Promise<void> {
  return pipelined(db, async (trx) => {
    // As all who lock several do: nobody waits in a circle.
    const sorted = group.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const before = sorted.slice(0, -1).map(({ write }) => write(trx));
    await inOrder([...before, trx.last(async () => sorted.at(-1)?.write(trx))]);
  });
}
