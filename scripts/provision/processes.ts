import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Child processes that never outlive us. Each runs in a session of its own, so that Ctrl-C in the terminal reaches only
 * us and we end them in order; a watchdog shell ends them when we die without a chance to (kill -9).
 */

export interface Guarded {
  pid: number;
  /** Resolves when the process has ended, with a word on how. */
  ended: Promise<string>;
  isRunning(): boolean;
  /** Asks with `signal`, insists with SIGKILL after `graceMs`. Idempotent. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<void>;
}

let watchdog: ChildProcess | undefined;

function watchdogPipe() {
  if (!watchdog?.stdin?.writable) {
    watchdog = spawn('sh', [join(import.meta.dirname, 'watchdog.sh')], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    watchdog.unref();
    watchdog.stdin?.on('error', () => {});
  }
  const pipe = watchdog.stdin;
  if (!pipe) throw new Error('The watchdog has no standard input.');
  if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
  return pipe;
}

// The shell tells the watchdog its own process id and then becomes the command, so that no moment is left in which a child
// runs that the watchdog has not heard of. It must not keep the pipe: the watchdog waits for its last holder.
const announceAndBecome = 'echo "+$$" >&3; exec "$@" 3>&-';

/** Starts `command`, its output appended to `log`. */
export function startGuarded(command: readonly string[], log: string, options: { cwd?: string } = {}): Guarded {
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, 'a', 0o600);
  const pipe = watchdogPipe();
  const child = spawn('sh', ['-c', announceAndBecome, 'sh', ...command], {
    cwd: options.cwd,
    detached: true,
    stdio: ['ignore', output, output, pipe],
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`Could not start ${command[0]}.`);
  let running = true;
  const ended = new Promise<string>((resolve) => {
    child.on('exit', (code, signal) => {
      running = false;
      pipe.write(`-${pid}\n`);
      resolve(signal ?? `exit code ${code}`);
    });
  });
  const stop = async (signal: NodeJS.Signals = 'SIGINT', graceMs = 10_000) => {
    if (!running) return;
    child.kill(signal);
    const impatience = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await ended;
    clearTimeout(impatience);
  };
  return { pid, ended, isRunning: () => running, stop };
}

/** A TCP port of 127.0.0.1 that was free a moment ago. None of those that systems give to connections going out (Linux from 32768
 *  on, others from 49152): one of them took it now and then before it was listened on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_768);
    if (await isPortFree(port)) return port;
  }
}

export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** Polls `check` every `everyMs` until it answers something other than undefined; undefined when `limitMs` have passed. */
export async function poll<T>(check: () => Promise<T | undefined> | T | undefined, everyMs: number, limitMs: number) {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await check();
    if (value !== undefined || Date.now() > end) return value;
    await sleep(everyMs);
  }
}

/** A zombie has ended, though its parent has not heard of it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return process.platform !== 'linux';
  }
}

/** The last lines of a log, for a message. */
export function tail(file: string, lines = 3): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join(' | ');
  } catch {
    return '';
  }
}
