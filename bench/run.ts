/**
 * `npm run bench [-- NAME …]`: each file here that exports `name` and `run` is a benchmark, run in a process of its own so
 * that none inherits another's heap or connections. One JSON line a result, then a table.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Result } from './lib.ts';

const theOne = '--one';

function benchmarks(): Map<string, string> {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && file !== 'run.ts');
  const named = files.flatMap((file) => {
    const name = /^export const name = '([\w-]+)';/m.exec(readFileSync(join(import.meta.dirname, file), 'utf8'))?.[1];
    return name ? [[name, file] as const] : [];
  });
  return new Map(named.sort());
}

async function runHere(file: string): Promise<void> {
  const { run }: { run(): Promise<Result[]> } = await import(join(import.meta.dirname, file));
  for (const result of await run()) console.log(JSON.stringify(result));
  process.exit();
}

/** Results of the others in front of it are lost to nobody: a benchmark that fails is told and the next one runs. */
async function runApart(name: string): Promise<Result[] | null> {
  const child = spawn(process.execPath, [import.meta.filename, theOne, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const results: Result[] = [];
  for await (const line of createInterface(child.stdout)) {
    console.log(line);
    if (line.startsWith('{')) results.push(JSON.parse(line));
  }
  return (await ended) === 0 ? results : null;
}

function table(results: Result[]): string {
  const short = (value: number) => value.toLocaleString('en', { maximumSignificantDigits: 4 });
  const rows = [
    ['', 'value', 'unit', 'baseline', 'ratio', 'baseline is'],
    ...results.map((one) => [
      one.name,
      short(one.value),
      one.unit,
      short(one.baseline),
      short(one.ratio),
      one.baselineName,
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

async function main(args: string[]): Promise<void> {
  const known = benchmarks();
  const names = args.filter((arg) => arg !== theOne);
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) {
    console.error(`There is no benchmark ${unknown}: choose among ${[...known.keys()].join(', ')}.`);
    process.exit(1);
  }
  if (args[0] === theOne) return runHere(known.get(names[0] ?? '') ?? '');
  const results: Result[] = [];
  for (const name of names.length > 0 ? names : known.keys()) {
    const measured = await runApart(name);
    if (measured) results.push(...measured);
    else process.exitCode = 1;
  }
  console.log(`\n${table(results)}`);
}

await main(process.argv.slice(2));
