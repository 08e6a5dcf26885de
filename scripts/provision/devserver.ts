import { connect } from 'node:net';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { Failure } from '#domain/failure.ts';
import { freePort, type Guarded, isPortFree, poll, startGuarded, tail } from './processes.ts';

export interface DevServerOptions {
  /** Path of the Temporal CLI. */
  cli: string;
  /** Gets `temporal.db`; without it the server keeps everything in memory. */
  dataDir?: string;
  /** Default: any free one. */
  port?: number;
  /** Port of Temporal UI; 0: any free one; without it there is no UI. */
  uiPort?: number;
  /** A file that the server's output is appended to. */
  log: string;
}

export interface RunningDevServer {
  /** host:port for clients and workers. */
  address: string;
  ui: string | null;
  pid: number;
  ended: Promise<string>;
  stop(): Promise<void>;
}

/** Search attributes that every run is started with. */
export const searchAttributes = ['Journey', 'CustomerId'] as const;

/** As for PostgreSQL: of a machine that does much else at once. */
const startLimitMs = 120_000;

/** Starts Temporal's development server on 127.0.0.1 and waits until it answers. */
export async function startDevServer(options: DevServerOptions): Promise<RunningDevServer> {
  const port = options.port || (await freePort());
  const uiPort = options.uiPort === 0 ? await freePort() : options.uiPort;
  if (uiPort && !(await isPortFree(uiPort)))
    throw new Failure(
      `Port ${uiPort} for Temporal UI is in use: stop what listens there, or choose another with --ui-port (0: any free one).`,
    );
  const server = startGuarded([options.cli, ...serverArguments(options, port, uiPort)], options.log);
  const isReady = await poll(() => (server.isRunning() ? answers(port) : false), 20, startLimitMs);
  if (!isReady) throw await notStarted(options, server);
  return {
    address: `127.0.0.1:${port}`,
    ui: uiPort ? `http://localhost:${uiPort}` : null,
    pid: server.pid,
    ended: server.ended,
    stop: () => server.stop('SIGINT'),
  };
}

function serverArguments({ dataDir }: DevServerOptions, port: number, uiPort?: number): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'error'],
    ...(uiPort ? ['--ui-port', String(uiPort), '--ui-disable-news-fetch'] : ['--headless']),
    // A plain file is three times slower; with WAL and NORMAL a power cut may lose the last moments, not the file.
    ...(dataDir
      ? [
          '--db-filename',
          join(dataDir, 'temporal.db'),
          '--sqlite-pragma',
          'journal_mode=WAL',
          '--sqlite-pragma',
          'synchronous=NORMAL',
        ]
      : []),
    ...searchAttributes.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    // A queue in one piece: order by priority is exact then, and a rate is that of the queue and not of a part of it.
    ...['Read', 'Write'].flatMap((part) => ['--dynamic-config-value', `matching.numTaskqueue${part}Partitions=1`]),
  ];
}

/** True once calls are answered, else undefined: a moment after its port takes connections it still refuses them as "not
 *  healthy yet", which the SDK does not wait out. */
async function answers(port: number): Promise<true | undefined> {
  if (!(await listens(port))) return undefined;
  try {
    const connection = await Connection.connect({ address: `127.0.0.1:${port}`, connectTimeout: 2000 });
    await connection.close();
    return true;
  } catch {
    return undefined;
  }
}

/** True once the port takes connections, else undefined. */
function listens(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (value: true | undefined) => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(undefined));
  });
}

async function notStarted({ dataDir, log }: DevServerOptions, server: Guarded): Promise<Failure> {
  await server.stop('SIGTERM', 2000);
  const said = tail(log, 1);
  if (dataDir && /malformed|not a database|SQLite/i.test(said)) {
    const file = join(dataDir, 'temporal.db');
    return new Failure(
      `Temporal's data file ${file} is damaged: restore the folder ${dataDir} from a copy, or move the folder away to start with an empty one.`,
    );
  }
  return new Failure(`The Temporal server did not start (${said || 'it said nothing'}): see ${log}.`);
}
