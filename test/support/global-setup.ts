import type { TestProject } from 'vitest/node';
import { scratchFolder, scratchPostgres } from '#scripts/lib/scratch.ts';
import { provideTemporal } from '#scripts/provision/temporal.ts';
import { guardedExecutable } from './guarded.ts';

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
  const { dir, remove } = await scratchFolder();
  const postgres = await scratchPostgres(dir);
  project.provide('runFolder', dir);
  project.provide('postgresUrl', postgres.url);
  project.provide('temporalCli', await provideTemporal('cli', console.log));
  project.provide('temporalTestServer', await guardedExecutable(await provideTemporal('testServer', console.log), dir));
  return async () => {
    await postgres.stop();
    await remove();
  };
}
