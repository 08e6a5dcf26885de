import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, createPool } from '#db/connect.ts';
import { migrate } from '#db/migrate.ts';
import { type RunningPostgres, startPostgres } from '#scripts/provision/postgres.ts';
import { isAlive } from '#scripts/provision/processes.ts';
import { namesIn } from './files.ts';

const folder = join(import.meta.dirname, '../../.vestnik-test');

export interface Scratch {
  /** A folder of this process. */
  dir: string;
  remove(): Promise<void>;
}

/** A git-ignored folder for what this process needs only while it runs. Folders of processes that were killed are
 *  removed: their servers ended by themselves, their data is still there. */
export async function scratchFolder(): Promise<Scratch> {
  const dead = (await namesIn(folder)).filter((name) => /^\d+$/.test(name) && !isAlive(Number(name)));
  await Promise.all(dead.map((name) => rm(join(folder, name), { recursive: true, force: true })));
  const dir = join(folder, String(process.pid));
  await mkdir(dir, { recursive: true });
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

/** A migrated PostgreSQL in a scratch folder: fast, and nobody keeps its data. */
export async function scratchPostgres(dir: string): Promise<RunningPostgres> {
  const log = join(dir, 'postgres.log');
  const postgres = await startPostgres({ dataDir: dir, fsync: false, log, settings: { max_connections: '300' } });
  const db = connect(createPool(postgres.url, 1));
  try {
    await migrate(db);
    return postgres;
  } catch (error) {
    await postgres.stop();
    throw error;
  } finally {
    await db.destroy();
  }
}
