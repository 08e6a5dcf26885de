import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isAlive } from '#scripts/provision/processes.ts';

/** How often, in wall time, we look whether those who started us are still there. */
const everyMs = 500;

/**
 * Calls `onOrphaned` once when npm, or a shell between it and us, has been killed: nobody could stop us by them any more.
 * Without npm above us there is nobody to watch: then we are a process of our own, as under nohup.
 */
export function watchParents(onOrphaned: () => void): void {
  const watched = parentsUpToNpm();
  if (watched.length === 0) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent && watched.every(isAlive)) return;
    clearInterval(timer);
    onOrphaned();
  }, everyMs);
  timer.unref();
}

/** Our parent, its parent … up to the npm that runs the script. Empty when npm is not among the nearest four. */
function parentsUpToNpm(): number[] {
  const found: number[] = [];
  let pid = process.ppid;
  while (pid > 1 && found.length < 4) {
    const { parent, command } = describe(pid);
    found.push(pid);
    if (/^npm\b|\bnpm(-cli\.js)?\b/.test(command)) return found;
    pid = parent;
  }
  return [];
}

function describe(pid: number): { parent: number; command: string } {
  try {
    const parent = Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) . /s, '')
        .split(' ', 1)[0],
    );
    return { parent, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') };
  } catch {
    const { stdout } = spawnSync('ps', ['-o', 'ppid=,args=', '-p', String(pid)], { encoding: 'utf8' });
    const [, parent = '0', command = ''] = /^\s*(\d+) (.*)/.exec(stdout ?? '') ?? [];
    return { parent: Number(parent), command };
  }
}
