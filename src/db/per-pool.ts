import type { Db } from './connect.ts';

/** One of something for each pool of connections, made when it is first asked for. */
export function perPool<T>(make: (db: Db) => T): (db: Db) => T {
  const made = new WeakMap<Db, T>();
  return (db) => {
    const one = made.get(db) ?? make(db);
    made.set(db, one);
    return one;
  };
}
