import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

interface Process {
  pid: number;
  parent: number;
  command: string;
}

function processes(): Process[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8', maxBuffer: 2 ** 26 }).split('\n');
  return lines.flatMap((line) => {
    const [, pid, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || command.includes('<defunct>')
      ? []
      : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

function descendants(pid: number, all = processes()): Process[] {
  const children = all.filter(({ parent }) => parent === pid);
  return children.flatMap((child) => [child, ...descendants(child.pid, all)]);
}

test('a run of tests that is killed leaves no server behind', async () => {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const run = spawn(process.execPath, [vitest, 'run', 'test/house/support.test.ts'], { cwd: root, stdio: 'ignore' });
  const started = new Map<number, string>();
  const servers = ['bin/postgres -D', 'server start-dev', 'temporal-test-server'];
  await expect
    .poll(
      () => {
        for (const { pid, command } of descendants(run.pid ?? 0)) started.set(pid, command);
        return servers.filter((server) => ![...started.values()].some((command) => command.includes(server)));
      },
      { interval: 20 },
    )
    .toEqual([]);
  run.kill('SIGKILL');
  const left = () => processes().filter(({ pid, command }) => started.get(pid) === command);
  await expect.poll(left, { interval: 200 }).toEqual([]);
});
