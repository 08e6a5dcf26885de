import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '#domain/failure.ts';
import { BadEvent } from '#domain/segment.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { namesIn } from '#scripts/lib/files.ts';
import { type Reading, readRecord } from './formats.ts';
import { Gathering, type Product } from './gathering.ts';
import { eventOf, type Recorded } from './recorded.ts';

/** Bumped when what is prepared changes: what an older version has prepared is prepared again. */
const version = 2;

/** Events sorted by the day on which they were received: a file for each, so that a record of any length is played in bounded memory. */
export interface Prepared {
  folder: string;
  key: string;
  about: About;
}

export interface About {
  format: Reading['format'];
  /** ISO 8601 of the first and the last event. */
  from: string;
  to: string;
  events: number;
  /** By name. */
  names: Record<string, number>;
  /** UTC days that have events, in order. */
  days: { day: string; events: number }[];
  /** Lines of the file that are left out, the largest reason first. */
  refused: { reason: string; lines: number; examples: number[] }[];
}

/** One day of the record. */
export interface Day {
  /** What the record speaks of for the first time. */
  products: Product[];
  events: Recorded[];
}

export interface Preparing extends Reading {
  shop: ShopSettings;
  /** Those of whom no e-mail address is known get one that leads nowhere. */
  assumeReachable: boolean;
}

const dayFile = (folder: string, day: string) => join(folder, 'days', `${day}.jsonl`);
const flushEvery = 50_000;
const examples = 5;

/** Reads the file once; what was prepared of the same content in the same way is taken as it is. */
export async function prepare(cache: string, options: Preparing, tell: (lines: number) => void): Promise<Prepared> {
  const key = await keyOf(options);
  const folder = join(cache, 'input', key);
  if (!existsSync(join(folder, 'about.json'))) await build(folder, options, tell);
  const about: About = JSON.parse(await readFile(join(folder, 'about.json'), 'utf8'));
  return { folder, key, about };
}

export async function readDay({ folder }: Pick<Prepared, 'folder'>, day: string): Promise<Day> {
  const [products = '[]', ...lines] = (await readFile(dayFile(folder, day), 'utf8')).trimEnd().split('\n');
  return { products: JSON.parse(products), events: lines.map((line) => JSON.parse(line)) };
}

async function keyOf({ path, ...how }: Preparing): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify({ version, ...how, shop: how.shop.currency }));
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch {
    throw new Failure(`${path} cannot be read: give the path of a file of events with --events.`);
  }
  return hash.digest('hex').slice(0, 32);
}

/** Made beside its place and moved there when whole. */
async function build(folder: string, options: Preparing, tell: (lines: number) => void): Promise<void> {
  const made = `${folder}.${process.pid}`;
  await rm(made, { recursive: true, force: true });
  await mkdir(join(made, 'days'), { recursive: true });
  try {
    const refused = await split(made, options, tell);
    await writeFile(join(made, 'about.json'), JSON.stringify(await finish(made, options, refused), null, 1));
    await rm(folder, { recursive: true, force: true });
    await rename(made, folder);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    throw error;
  }
}

/** Each event to the file of its day, in the order of the record. */
async function split(folder: string, options: Preparing, tell: (lines: number) => void): Promise<Refusals> {
  const refused = new Refusals();
  const waiting = new Map<string, string[]>();
  let count = 0;
  const flush = async () => {
    for (const [day, lines] of waiting) await appendFile(dayFile(folder, day), `${lines.join('\n')}\n`);
    waiting.clear();
  };
  for await (const { line, value } of readRecord(options)) {
    const why = 'refused' in value ? value.refused : flawOf(value, options.shop);
    if (why !== null) refused.add(why, line);
    if (why !== null || 'refused' in value) continue;
    const day = new Date(value.at).toISOString().slice(0, 10);
    const lines = waiting.get(day) ?? [];
    waiting.set(day, lines);
    lines.push(JSON.stringify(options.assumeReachable ? reachable(value) : value));
    count += 1;
    if (count % flushEvery === 0) {
      await flush();
      tell(line);
    }
  }
  await flush();
  return refused;
}

/** Why intake would not take it. */
function flawOf(recorded: Recorded, shop: ShopSettings): string | null {
  try {
    eventOf(recorded, shop);
    return null;
  } catch (error) {
    if (error instanceof BadEvent || error instanceof RangeError) return error.message;
    throw error;
  }
}

/** An address that leads nowhere (RFC 2606), of whoever has a user id. The one that a call names goes before it. */
function reachable(recorded: Recorded): Recorded {
  const { userId, context = {} } = recorded.call as { userId?: unknown; context?: { traits?: object } };
  if (userId === undefined || userId === null) return recorded;
  const local = createHash('sha256').update(String(userId)).digest('hex').slice(0, 24);
  const traits = { email: `${local}@customer.invalid`, ...context.traits };
  return { ...recorded, call: { ...recorded.call, context: { ...context, traits } } };
}

class Refusals {
  readonly #byReason = new Map<string, { lines: number; examples: number[] }>();

  add(reason: string, line: number): void {
    const known = this.#byReason.get(reason) ?? { lines: 0, examples: [] };
    this.#byReason.set(reason, known);
    known.lines += 1;
    if (known.examples.length < examples) known.examples.push(line);
  }

  list(): About['refused'] {
    const all = [...this.#byReason].map(([reason, found]) => ({ reason, ...found }));
    return all.sort((a, b) => b.lines - a.lines || (a.reason < b.reason ? -1 : 1));
  }
}

/** Each day in order: pieces of an order joined, what follows from it added, the whole sorted by time. */
async function finish(folder: string, options: Preparing, refused: Refusals): Promise<About> {
  const gathering = new Gathering(options);
  const days: About['days'] = [];
  const names: Record<string, number> = {};
  let [from, to] = [Number.POSITIVE_INFINITY, 0];
  for (const file of await namesIn(join(folder, 'days'))) {
    const day = file.replace('.jsonl', '');
    const lines = (await readFile(dayFile(folder, day), 'utf8')).trimEnd().split('\n');
    const { products, events } = gathering.day(lines.map((line) => JSON.parse(line)));
    await writeFile(dayFile(folder, day), `${[products, ...events].map((one) => JSON.stringify(one)).join('\n')}\n`);
    for (const { name } of events) names[name] = (names[name] ?? 0) + 1;
    from = Math.min(from, events[0]?.at ?? from);
    to = Math.max(to, events.at(-1)?.at ?? to);
    days.push({ day, events: events.length });
  }
  const events = days.reduce((sum, one) => sum + one.events, 0);
  if (events === 0) throw nothingIn(options.path, refused.list());
  const sorted = Object.fromEntries(
    Object.entries(names).sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1)),
  );
  const span = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  return { format: options.format, ...span, events, names: sorted, days, refused: refused.list() };
}

function nothingIn(path: string, refused: About['refused']): Failure {
  const said = refused.map(({ reason, lines, examples: [line] }) => `  ${lines} lines: ${reason} (line ${line})`);
  return new Failure(`${path} holds no event that could be played:\n${said.join('\n') || '  it has no lines'}`);
}
