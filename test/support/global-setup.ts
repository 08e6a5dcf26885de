import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { connect, createPool } from '#db/connect.ts';
import { migrate } from '#db/migrate.ts';
import { startPostgres } from '#scripts/provision/postgres.ts';
import { provideTemporal } from '#scripts/provision/temporal.ts';
import { guardedExecutable } from './guarded.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, '.vestnik-test');

declare module 'vitest' {
  interface ProvidedContext {
    /** The run's PostgreSQL: its database is migrated and is the template of every fresh one. */
    postgresUrl: string;
    temporalCli: string;
    temporalTestServer: string;
    /** What servers of this run write goes here. */
    runFolder: string;
  }
}

/** One PostgreSQL for the run, in a folder of its own, so that several runs do not meet. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeLeftovers();
  const dir = join(folder, String(process.pid));
  await mkdir(dir, { recursive: true });
  const log = join(dir, 'postgres.log');
  const postgres = await startPostgres({ dataDir: dir, fsync: false, log, settings: { max_connections: '300' } });
  await migrateTemplate(postgres.url);
  project.provide('runFolder', dir);
  project.provide('postgresUrl', postgres.url);
  project.provide('temporalCli', await provideTemporal('cli', console.log));
  project.provide('temporalTestServer', await guardedExecutable(await provideTemporal('testServer', console.log), dir));
  return async () => {
    await postgres.stop();
    await rm(dir, { recursive: true, force: true });
  };
}

async function migrateTemplate(url: string): Promise<void> {
  const db = connect(createPool(url, 1));
  try {
    await migrate(db);
  } finally {
    await db.destroy();
  }
}

/** Folders of runs that were killed: their servers ended by themselves, their data is still there. */
async function removeLeftovers(): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const dead = names.filter((name) => /^\d+$/.test(name) && !alive(Number(name)));
  await Promise.all(dead.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
