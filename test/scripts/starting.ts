import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RuntimeFile } from '#scripts/start/runtime.ts';

const root = join(import.meta.dirname, '../..');

export interface Start {
  child: ChildProcess;
  output(): string;
  /** Exit code or signal. */
  ended: Promise<number | string>;
  /** Waits until it is ready; fails with its output when it ends before. */
  ready(): Promise<RuntimeFile>;
}

/** `npm start` (or its script alone, or another that takes its options) on `data`, on free ports unless the options say others. In a process group of its own. */
export function start(
  data: string,
  options: string[] = [],
  { npm = false, script = 'scripts/start.ts', env = {} } = {},
): Start {
  const free = (name: string) => (options.includes(name) ? [] : [name, '0']);
  const args = ['--data', data, ...free('--port'), ...free('--ui-port'), ...options];
  const [command, ...first] = npm ? ['npm', 'start', '--'] : [process.execPath, script];
  const child = spawn(command ?? '', [...first, ...args], {
    cwd: root,
    detached: true,
    env: { ...process.env, VESTNIK_TEST_MARK: data, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const ended = new Promise<number | string>((resolve) =>
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'ended')),
  );
  const ready = async () => {
    await until(() => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended: ${output}`);
      return /^ready/m.test(output);
    });
    return JSON.parse(readFileSync(join(data, 'runtime.json'), 'utf8')) as RuntimeFile;
  };
  return { child, output: () => output, ended, ready };
}

/** Polls until `condition` holds; the test's own limit ends a wait in vain. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(50);
}

/** Processes that belong to the start on `data`: by environment (servers inherit it), command line, or where they work
 *  (PostgreSQL's helpers show neither). Zombies have ended. */
export function processesOf(data: string): { pid: number; command: string }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
    const isOurs = command.includes(data) || read(`/proc/${pid}/environ`).includes(data) || cwd(pid).startsWith(data);
    const isZombie = / Z /.test(read(`/proc/${pid}/stat`));
    return isOurs && !isZombie ? [{ pid: Number(pid), command }] : [];
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function cwd(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

export const isRunning = (data: string) => existsSync(join(data, 'runtime.json'));
