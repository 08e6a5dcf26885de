import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scratchFolder, scratchPostgres } from '#scripts/lib/scratch.ts';
import type { JourneyName } from '#workflows/catalogue.ts';
import { sideDatabase } from './database.ts';
import { type Counts, readLists, writeLists } from './lists.ts';
import { Pace } from './pace.ts';
import { type Period, play } from './play.ts';
import type { Prepared } from './prepare.ts';
import type { SideInput } from './report.ts';
import type { Side } from './settings.ts';

/** A migrated database that nobody is connected to. */
export interface Template {
  url: string;
}

/** PostgreSQL, started when it is first needed. */
export class Server {
  #template: Promise<Template & { close(): Promise<unknown> }> | undefined;

  constructor(template?: Template) {
    if (template) this.#template = Promise.resolve({ ...template, close: async () => {} });
  }

  template(): Promise<Template> {
    this.#template ??= startServer();
    return this.#template;
  }

  async close(): Promise<void> {
    await (await this.#template)?.close();
  }
}

async function startServer() {
  const { dir, remove } = await scratchFolder();
  const postgres = await scratchPostgres(dir);
  const close = async () => {
    await postgres.stop();
    await remove();
  };
  return { url: postgres.url, close };
}

export interface SideOptions {
  cache: string;
  prepared: Prepared;
  period: Period;
  side: Side;
  journeys: readonly JourneyName[];
  server: Server;
  tell(line: string): void;
}

/** What came of one side: played now, or before by the same code with the same record and settings. */
export async function playedSide({
  cache,
  side,
  tell,
  ...options
}: SideOptions): Promise<SideInput & { folder: string }> {
  const folder = join(cache, 'sides', keyOf({ side, ...options }));
  const whole = join(folder, 'counts.json');
  if (existsSync(whole)) tell(`${side.name} was played before`);
  else await playAnew(folder, { cache, side, tell, ...options });
  const counts: Counts = JSON.parse(await readFile(whole, 'utf8'));
  const { name, title } = side;
  const settings = Object.fromEntries(side.settings.map((one) => [one.name, one.value]));
  return { name, title, settings, counts, lists: await readLists(folder), folder };
}

/** Made beside its place and moved there when whole. */
async function playAnew(
  folder: string,
  { prepared, period, side, journeys, server, tell }: SideOptions,
): Promise<void> {
  const { url } = await server.template();
  const name = `backtest_${side.name.toLowerCase()}_${process.pid}`;
  const database = await sideDatabase(url, name);
  const made = `${folder}.${process.pid}`;
  const days = prepared.about.days.filter(({ day }) => day <= period.until);
  const events = days.reduce((sum, one) => sum + one.events, 0);
  const pace = new Pace(side.name, events, tell);
  try {
    await play({ prepared, period, side, journeys, database, tell: (progress) => pace.is(progress) });
    const counts = await writeLists(database.db, made, historyEnd(prepared, period));
    await writeFile(join(made, 'counts.json'), JSON.stringify(counts));
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(folder, '..'), { recursive: true });
    await rename(made, folder);
  } finally {
    await rm(made, { recursive: true, force: true });
    await database.drop();
  }
}

/** Null where nothing is history. */
function historyEnd({ about }: Prepared, { from }: Period): Date | null {
  return from > about.from.slice(0, 10) ? new Date(from) : null;
}

/** The lists beside the report, a folder for each side. */
export async function keepLists(out: string, sides: readonly { name: string; folder: string }[]): Promise<void> {
  await mkdir(out, { recursive: true });
  for (const { name, folder } of sides) {
    await rm(join(out, name), { recursive: true, force: true });
    await cp(folder, join(out, name), { recursive: true, filter: (path) => !path.endsWith('counts.json') });
  }
}

function keyOf({
  prepared,
  period,
  side,
  journeys,
}: Pick<SideOptions, 'prepared' | 'period' | 'side' | 'journeys'>): string {
  const about = JSON.stringify([prepared.key, period, side.settings, journeys]);
  return createHash('sha256').update(code()).update(about).digest('hex').slice(0, 32);
}

/** Of everything that decides what comes out. */
function code(): string {
  const cwd = join(import.meta.dirname, '../..');
  const files = globSync(['src/**/*.*', 'migrations/*.sql', 'scripts/backtest/*.ts', 'scripts/files/*.ts'], { cwd });
  const hash = createHash('sha256');
  for (const file of files.sort()) hash.update(file).update(readFileSync(join(cwd, file)));
  return hash.digest('hex');
}
