import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';

/** A shell that becomes the server and leaves a watcher behind: when this process is gone, however it ended, the
 *  watcher ends the server. The watcher is an orphan on purpose: PostgreSQL does not like children it did not start. */
const script = `
( ( while sleep 1; do
      kill -0 "$1" || { kill -s "$2" $$; exit; }
      kill -0 $$ || exit
    done ) </dev/null >/dev/null 2>&1 & )
shift 2
exec "$@"
`;

/** Starts a server that cannot outlive this process. `signal` is what ends it cleanly (`INT`, `TERM` …). */
export function spawnGuarded(command: string[], { signal, log }: { signal: string; log: string }): ChildProcess {
  const out = openSync(log, 'a');
  const args = ['-c', script, 'guarded', String(process.pid), signal, ...command];
  return spawn('/bin/sh', args, { stdio: ['ignore', out, out], detached: true });
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
