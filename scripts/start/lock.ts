import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '#domain/failure.ts';
import { isAlive, poll } from '#scripts/provision/processes.ts';

/** Who uses a data folder: told apart from a later process with the same number by when it was started. */
interface Holder {
  pid: number;
  started: string;
}

interface LockFile extends Holder {
  children: Holder[];
}

export interface Lock {
  /** Processes of ours that use the folder too: whoever comes after a crash waits for their end. */
  addChild(pid: number): void;
  release(): void;
}

/** Takes the data folder for this process; waits for what a killed predecessor has left behind to end. */
export async function lockFolder(folder: string): Promise<Lock> {
  const file = join(folder, 'lock');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const state: LockFile = { pid: process.pid, started: startOf(process.pid), children: [] };
  if (!create(file, state)) {
    await outlast(file, folder);
    if (!create(file, state)) throw inUse(folder, read(file)?.pid);
  }
  return {
    addChild(pid) {
      state.children.push({ pid, started: startOf(pid) });
      writeFileSync(file, JSON.stringify(state));
    },
    release: () => rmSync(file, { force: true }),
  };
}

function create(file: string, state: LockFile): boolean {
  try {
    writeFileSync(file, JSON.stringify(state), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw new Failure(
      `The data folder cannot be written to (${error instanceof Error ? error.message : error}): choose another with --data.`,
    );
  }
}

/** Wall time in which the servers of a killed predecessor have surely ended: the watchdog gives them ten seconds. */
const leftOverMs = 15_000;

async function outlast(file: string, folder: string): Promise<void> {
  const holder = read(file);
  if (holder && lives(holder)) throw inUse(folder, holder.pid);
  const gone = await poll(() => (holder?.children.some(lives) ? undefined : true), 50, leftOverMs);
  if (!gone) {
    const pids = holder?.children.filter(lives).map(({ pid }) => pid);
    throw new Failure(
      `Servers of an earlier start still use the data folder ${folder} (processes ${pids?.join(', ')}): end them and try again.`,
    );
  }
  rmSync(file, { force: true });
}

function inUse(folder: string, pid: number | undefined): Failure {
  return new Failure(
    `The data folder ${folder} is in use by another Vestnik (process ${pid ?? 'unknown'}): stop that one, or choose another folder with --data.`,
  );
}

/** Undefined where the file is no lock of ours (a crash while it was written): nobody can hold it. */
function read(file: string): LockFile | undefined {
  try {
    const state = JSON.parse(readFileSync(file, 'utf8'));
    return Number.isInteger(state.pid) && Array.isArray(state.children) ? state : undefined;
  } catch {
    return undefined;
  }
}

function lives({ pid, started }: Holder): boolean {
  return isAlive(pid) && startOf(pid) === started;
}

/** When a process was started, in whatever words the system has; empty for one that has ended, collected or not. */
function startOf(pid: number): string {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? '' : (fields[19] ?? '');
  } catch {
    return process.platform === 'linux'
      ? ''
      : spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  }
}
