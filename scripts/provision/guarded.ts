import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

const guard = join(import.meta.dirname, 'guard.sh');

/** Starts a server that cannot outlive this process. `signal` is what ends it cleanly (`INT`, `TERM` …). */
export function spawnGuarded(command: string[], { signal, log }: { signal: string; log: string }): ChildProcess {
  const out = openSync(log, 'a');
  const args = [guard, String(process.pid), signal, ...command];
  return spawn('/bin/sh', args, { stdio: ['ignore', out, out], detached: true });
}

/** An executable in `folder` that runs `binary` and cannot outlive whoever starts it: for starters that take one path.
 *  What it says goes to a log beside it. */
export async function guardedExecutable(binary: string, signal: string, folder: string): Promise<string> {
  const path = join(folder, `guarded-${basename(binary)}`);
  await writeFile(
    path,
    `#!/bin/sh\nexec /bin/sh '${guard}' "$PPID" ${signal} '${binary}' "$@" >>'${path}.log' 2>&1\n`,
    { mode: 0o755 },
  );
  return path;
}

/** Ends a child and waits until it is gone; kills it after `patience` milliseconds. */
export async function end(child: ChildProcess, signal: NodeJS.Signals, patience = 10_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  const killer = setTimeout(() => child.kill('SIGKILL'), patience);
  await gone;
  clearTimeout(killer);
}
