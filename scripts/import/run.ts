import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { shopSettings } from '#api/open/schemas/settings.ts';
import { readBusinessClock } from '#db/business-clock.ts';
import { byIndex, connect, createPool, type Db } from '#db/connect.ts';
import { advanceImport, finishImport, type ImportCounts, importing, importSource, openImport } from '#db/imports.ts';
import { createIntake } from '#db/intake.ts';
import { currentSettings } from '#db/settings.ts';
import { switchedOn } from '#db/switched-on.ts';
import { scaledClock } from '#domain/clock.ts';
import { Failure } from '#domain/failure.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { databaseReady } from '#process/database.ts';
import { journeyNames, routing } from '#workflows/catalogue.ts';
import { type ImportFile, type Survey, survey, unusedColumns, wholesOf } from './file.ts';
import { readMapping } from './mapping.ts';
import type { ImportOptions } from './options.ts';
import type { Whole } from './pieces.ts';
import { Progress } from './progress.ts';
import { Report } from './report.ts';
import { type Taking, takers } from './take.ts';

export interface Screen {
  write(text: string): void;
  isTerminal: boolean;
}

/** Lines of a batch: what two flushes of intake take. */
const batchLines = 1_000;
/** Batches under way: one is read while others are stored. */
const atOnce = 3;

/** Imports a file into the database at `url`. Goes on where an import of the same content stood that was killed; what is in already
 *  is not stored again. Throws Failure on what its user can mend. */
export async function importFile(options: ImportOptions, url: string, screen: Screen): Promise<ImportCounts> {
  const { kind, map, delimiter, encoding } = options;
  const mapping = readMapping(kind, map, { delimiter, encoding });
  const writtenAt = (await statOf(options.file)).mtime;
  const pool = createPool(url, 4, byIndex);
  try {
    const db = connect(pool);
    const clock = scaledClock(await databaseReady(() => readBusinessClock(db)));
    const shop = await shopOf(db);
    const file: ImportFile = { path: options.file, mapping, zone: shop.zone, currency: shop.currency };
    const surveyed = await survey(file);
    const content = createHash('sha256')
      .update(JSON.stringify({ mapping, isLive: options.isLive }))
      .update(surveyed.content)
      .digest();
    const on = await switchedOn(db, journeyNames);
    const heard = { routing, isOn: (journey: string) => on.has(journey), isHistory: !options.isLive };
    const intake = createIntake({ pool, clock, shop: () => shop, onOutbox: () => {}, ...heard });
    try {
      const taking = { db, intake, clock, shop, isLive: options.isLive, writtenAt };
      const counts = await importing(db, content, () => all({ options, file, surveyed, content, taking, screen }));
      if (counts === null) throw new Failure(`${options.file} is being imported by another process: wait for it.`);
      return counts;
    } finally {
      await intake.close();
    }
  } finally {
    await pool.end();
  }
}

interface Import {
  options: ImportOptions;
  file: ImportFile;
  surveyed: Survey;
  content: Buffer;
  taking: Omit<Taking, 'sourceId'>;
  screen: Screen;
}

async function all({ options, file, surveyed, content, taking, screen }: Import): Promise<ImportCounts> {
  const { db, clock } = taking;
  const { kind } = options;
  const sourceId = await importSource(db, clock.now());
  const { id, ...before } = await openImport(db, { kind, file: basename(options.file), content, at: clock.now() });
  if (before.line > 0) screen.write(`It was begun before: going on after line ${before.line}.\n`);
  const unused = await unusedColumns(file);
  if (unused.length > 0) screen.write(`Columns that are not used: ${unused.join(', ')}.\n`);
  const report = new Report(options.report, before.line);
  const progress = new Progress(surveyed.lines, before.line, screen);
  const counts = { ...before };
  const take = (wholes: Whole[]) => takers[kind]({ ...taking, sourceId }, wholes);
  for await (const { wholes, taken } of inOrder(batches(wholesOf(file, surveyed, before.line)), take)) {
    counts.imported += taken.imported;
    counts.unchanged += taken.unchanged;
    report.add(taken.refused);
    counts.refused = report.size;
    counts.line = Math.max(counts.line, standsAt(wholes, surveyed));
    await advanceImport(db, id, counts);
    progress.is(counts.line, counts.refused);
  }
  progress.end();
  await finishImport(db, id, clock.now());
  return counts;
}

/** The last line of a batch; items whose lines stand apart come at the end, and say nothing of what is before them. */
function standsAt(wholes: readonly Whole[], { isApart }: Survey): number {
  const last = wholes.findLast(({ key }) => key === null || !isApart(key));
  return last?.lines.at(-1) ?? 0;
}

async function* batches(wholes: AsyncIterable<Whole>): AsyncGenerator<Whole[]> {
  let batch: Whole[] = [];
  for await (const whole of wholes) {
    batch.push(whole);
    if (batch.length < batchLines) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Takes some batches at once, and gives what became of them in the order of the file. */
async function* inOrder<T>(all: AsyncIterable<Whole[]>, take: (wholes: Whole[]) => Promise<T>) {
  const waiting: Promise<{ wholes: Whole[]; taken: T }>[] = [];
  for await (const wholes of all) {
    const one = take(wholes).then((taken) => ({ wholes, taken }));
    one.catch(() => {});
    waiting.push(one);
    if (waiting.length >= atOnce) yield (await waiting.shift()) as Awaited<typeof one>;
  }
  for (const one of waiting) yield await one;
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch {
    throw new Failure(`${path} cannot be read: give the path of a file.`);
  }
}

async function shopOf(db: Db): Promise<ShopSettings> {
  const parsed = shopSettings.safeParse((await currentSettings(db, 'shop'))?.value);
  return parsed.success ? parsed.data : defaultShop;
}
