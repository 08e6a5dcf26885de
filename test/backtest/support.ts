import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { BacktestOptions } from '#scripts/backtest/options.ts';
import { backtest } from '#scripts/backtest/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'vestnik-backtest-'));
let files = 0;

/** A new path; with `content` there is a file. */
export function fileOf(content?: string | object): string {
  const path = join(folder, String(files++));
  if (content !== undefined) writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

export function emptyFolder(): string {
  const path = fileOf();
  mkdirSync(path);
  return path;
}

/** A backtest in a database of the test run's own server, and what it said. */
export async function run(options: Partial<BacktestOptions> & { events: string }) {
  const said: string[] = [];
  const all: BacktestOptions = {
    ...{ journey: 'all', preset: 'default', reachable: 'known' },
    ...{ settings: undefined, against: undefined, map: undefined, from: undefined, until: undefined },
    ...{ cache: emptyFolder(), out: emptyFolder() },
    ...options,
  };
  const { report, html, json } = await backtest(all, (line) => said.push(line), { url: inject('postgresUrl') });
  return { report, said, out: all.out, html: readFileSync(html, 'utf8'), json: readFileSync(json, 'utf8') };
}
