/** `npm run backtest:data`: the open data set UCI Online Retail as a CSV file for `npm run backtest`. docs/backtest.md says where it is had. */
import { spawnSync } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import { Failure } from '#domain/failure.ts';
import { runGuarded } from '#process/run.ts';
import { type Column, dataFrameOf } from './rda.ts';

const usual = '.vestnik-backtest/data/online-retail.csv';
const mostBytes = 2 ** 30;

await runGuarded(async () => {
  const [from, to = usual] = process.argv.slice(2);
  if (from === undefined) throw new Failure('Which file? Say npm run backtest:data -- onlineretail.rda [FILE.csv].');
  const columns = dataFrameOf(unpacked(from));
  const lines = await writeCsv(columns, resolve(to));
  console.log(
    `${lines} lines in ${to}. Now: npm run backtest -- --events ${to} --map scripts/backtest/online-retail.json --reachable all`,
  );
});

function unpacked(path: string): Buffer {
  const bytes = read(path);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes);
  if (bytes.toString('latin1', 1, 5) === '7zXZ') return by('xz', path);
  if (bytes.toString('latin1', 0, 3) === 'BZh') return by('bzip2', path);
  return bytes;
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new Failure(`${path} cannot be read: give the path of the file that was fetched.`);
  }
}

/** Node unpacks gzip alone. */
function by(command: string, path: string): Buffer {
  const { status, stdout, error } = spawnSync(command, ['-dc', path], { maxBuffer: mostBytes });
  if (error)
    throw new Failure(`${path} is packed by ${command}, which is not installed here: install it, or unpack the file.`);
  if (status !== 0) throw new Failure(`${path} cannot be unpacked by ${command}: fetch it again.`);
  return stdout;
}

async function writeCsv(columns: ReadonlyMap<string, Column>, path: string): Promise<number> {
  await mkdir(dirname(path), { recursive: true });
  const stream = createWriteStream(path);
  const all = [...columns.values()];
  const length = all[0]?.values.length ?? 0;
  let lines = [[...columns.keys()].map(cell).join(',')];
  for (let row = 0; row < length; row++) {
    lines.push(all.map((column) => cell(textAt(column, row))).join(','));
    if (lines.length < 10_000) continue;
    stream.write(`${lines.join('\n')}\n`);
    lines = [];
  }
  stream.end(`${lines.join('\n')}\n`);
  await finished(stream);
  return length;
}

function textAt({ kind, values }: Column, row: number): string {
  const value = values[row] ?? null;
  if (value === null) return '';
  if (kind !== 'instant') return String(value);
  // The wall's time, which R keeps as if it were UTC.
  return new Date(Number(value) * 1000).toISOString().slice(0, 16).replace('T', ' ');
}

function cell(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
