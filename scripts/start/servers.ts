import { join } from 'node:path';
import { Failure } from '#domain/failure.ts';
import { startDevServer } from '#scripts/provision/devserver.ts';
import { startPostgres } from '#scripts/provision/postgres.ts';
import { isPortFree } from '#scripts/provision/processes.ts';
import { provideTemporal } from '#scripts/provision/temporal.ts';
import type { StartOptions } from './options.ts';

/** A server that we started, or one of somebody's that the environment names (then nothing ends with us). */
export interface Server {
  pid: number | null;
  ended: Promise<string> | null;
  stop(): Promise<void>;
}

export interface Database extends Server {
  url: string;
}

export interface TemporalServer extends Server {
  /** Null: as TEMPORAL_* in the environment say. */
  address: string | null;
  ui: string | null;
}

const notOurs = { pid: null, ended: null, stop: async () => {} };

export async function openPostgres({ data }: StartOptions, url: string | undefined): Promise<Database> {
  if (url) return { ...notOurs, url };
  return startPostgres({ dataDir: data, log: join(data, 'logs', 'postgres.log') });
}

export async function openTemporal(
  { data, uiPort }: StartOptions,
  address: string | undefined,
  say: (line: string) => void,
): Promise<TemporalServer> {
  if (address) return { ...notOurs, address: null, ui: null };
  const cli = await provideTemporal('cli', say);
  return startDevServer({ cli, dataDir: data, uiPort, log: join(data, 'logs', 'temporal.log') });
}

/** Before anything is started, so that nothing needs to be undone. */
export async function assertPortsFree({ port, uiPort }: StartOptions, usesOwnTemporal: boolean): Promise<void> {
  if (port !== 0 && !(await isPortFree(port)))
    throw new Failure(
      `Port ${port} is in use: stop what listens there (perhaps another Vestnik), or choose another with --port (0: any free one).`,
    );
  if (usesOwnTemporal && uiPort !== 0 && !(await isPortFree(uiPort)))
    throw new Failure(
      `Port ${uiPort} for Temporal UI is in use: stop what listens there (perhaps another Vestnik), or choose another with --ui-port (0: any free one).`,
    );
}
