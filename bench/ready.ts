import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { scratchFolder } from '#scripts/lib/scratch.ts';
import { startDevServer } from '#scripts/provision/devserver.ts';
import { startPostgres } from '#scripts/provision/postgres.ts';
import { provideTemporal } from '#scripts/provision/temporal.ts';
import { median, type Result, round2 } from './lib.ts';

/** Seconds from `npm start`, the second time on the same data, to its line `ready`; beside PostgreSQL and Temporal alone. */
export const name = 'ready';

const rounds = 3;

export async function run(): Promise<Result[]> {
  const { dir, remove } = await scratchFolder();
  const data = join(dir, 'data');
  try {
    await npmStart(data);
    const values: number[] = [];
    const baselines: number[] = [];
    for (let round = 0; round < rounds; round++) {
      values.push(await npmStart(data));
      baselines.push(await serversAlone(data));
    }
    const [value, baseline] = [median(values), median(baselines)];
    const baselineName = 'PostgreSQL and Temporal alone, on the same data';
    return [
      {
        name,
        value: round2(value),
        unit: 's',
        baseline: round2(baseline),
        baselineName,
        ratio: round2(value / baseline),
      },
    ];
  } finally {
    await remove();
  }
}

async function npmStart(data: string): Promise<number> {
  const began = performance.now();
  const args = ['start', '--', '--data', data, '--port', '0', '--ui-port', '0'];
  const child = spawn('npm', args, {
    cwd: join(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const closed = once(child, 'close');
  let seconds: number | undefined;
  for await (const line of createInterface(child.stdout)) {
    if (!line.startsWith('ready')) continue;
    seconds = (performance.now() - began) / 1000;
    process.kill(-(child.pid ?? 0), 'SIGINT');
  }
  await closed;
  if (seconds === undefined) throw new Error('npm start ended before it was ready');
  return seconds;
}

async function serversAlone(data: string): Promise<number> {
  const cli = await provideTemporal('cli');
  const began = performance.now();
  const servers = await Promise.all([
    startPostgres({ dataDir: data }),
    startDevServer({ cli, dataDir: data, uiPort: 0, log: join(data, 'logs', 'temporal.log') }),
  ]);
  const seconds = (performance.now() - began) / 1000;
  await Promise.all(servers.map((server) => server.stop()));
  return seconds;
}
