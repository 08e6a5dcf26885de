import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime, { type Address, decodeWords, type Email } from 'postal-mime';

export interface Summary {
  id: string;
  /** What it was meant for: `email`, or what a sandbox channel says it stood in for (`X-Vestnik-Channel`). */
  channel: string;
  /** Whom it was meant for (`X-Vestnik-To`: phones, chats, devices), else whom it was delivered to (the envelope), comma-separated. */
  to: string;
  from: string;
  subject: string;
  /** ISO 8601, wall time. */
  receivedAt: string;
  messageId: string | null;
}

export interface Item extends Summary {
  /** By lower-case name, decoded; of repeated ones the first. */
  headers: Record<string, string>;
  html?: string;
  text?: string;
}

export interface Query {
  /** One address exactly, whatever its case; a phone however it is written. */
  to?: string;
  channel?: string;
  /** Somewhere in the addresses or the subject. */
  search?: string;
  limit: number;
}

/** Long enough for the headers of anything that we send. */
const headBytes = 16_384;
const parsedAtOnce = 500;

/** Messages as `.eml` files in a folder, the newest `most` of them. What is known of each is read from the files' headers
 *  at the start, in the background: thousands take half a second. */
export class Store {
  readonly #dir: string;
  readonly #most: number;
  readonly #nextId: () => string;
  readonly #summaries = new Map<string, Summary>();
  readonly #parsed = new Map<string, Item>();
  readonly #loaded: Promise<void>;

  constructor(dir: string, most: number, wall: () => number = Date.now) {
    this.#dir = dir;
    this.#most = most;
    this.#nextId = idMaker(wall);
    this.#loaded = this.#load();
    // Who asks gets the failure; with nobody asking it must not end the process.
    this.#loaded.catch(() => {});
  }

  /** Resolves when the message is on the disk. */
  async add(content: Buffer, envelope: { from: string; to: string[] }): Promise<string> {
    await this.#loaded;
    const id = this.#nextId();
    const trace = `Return-Path: <${envelope.from}>\r\n${envelope.to.map((to) => `X-Original-To: ${to}\r\n`).join('')}`;
    const whole = Buffer.concat([Buffer.from(trace), content]);
    await writeFile(`${this.#file(id)}.part`, whole);
    await rename(`${this.#file(id)}.part`, this.#file(id));
    this.#summaries.set(id, await summarise(id, whole.subarray(0, headBytes)));
    if (this.#summaries.size > this.#most) await this.#forgetOldest();
    return id;
  }

  /** Newest first. */
  async list({ limit, ...query }: Query): Promise<{ total: number; items: Summary[] }> {
    await this.#loaded;
    const matching = [...this.#summaries.values()].filter((one) => matches(one, query));
    matching.sort((a, b) => (a.id < b.id ? 1 : -1)); // those that came together were not stored in order
    return { total: matching.length, items: matching.slice(0, limit) };
  }

  async item(id: string): Promise<Item | null> {
    const known = this.#parsed.get(id);
    if (known) return known;
    const content = await this.source(id);
    const summary = this.#summaries.get(id);
    if (!content || !summary) return null;
    const item = toItem(summary, await PostalMime.parse(content));
    this.#parsed.set(id, item);
    for (const oldest of excess(this.#parsed, parsedAtOnce)) this.#parsed.delete(oldest);
    return item;
  }

  async source(id: string): Promise<Buffer | null> {
    await this.#loaded;
    return this.#summaries.has(id) ? readFile(this.#file(id)) : null;
  }

  async #load(): Promise<void> {
    await mkdir(this.#dir, { recursive: true });
    const names = (await readdir(this.#dir)).filter((name) => name.endsWith('.eml')).sort();
    const ids = names.map((name) => name.slice(0, -'.eml'.length)).slice(-this.#most);
    for (let start = 0; start < ids.length; start += 64) {
      const some = ids.slice(start, start + 64);
      const read = await Promise.all(some.map(async (id) => summarise(id, await head(this.#file(id)))));
      for (const summary of read) this.#summaries.set(summary.id, summary);
    }
  }

  async #forgetOldest(): Promise<void> {
    const ids = excess(this.#summaries, this.#most);
    for (const id of ids) this.#summaries.delete(id);
    await Promise.all(ids.map((id) => rm(this.#file(id), { force: true })));
  }

  #file(id: string): string {
    return join(this.#dir, `${id}.eml`);
  }
}

/** The keys that came first, of more than so many. */
function excess(map: Map<string, unknown>, most: number): string[] {
  return [...map.keys()].slice(0, Math.max(0, map.size - most));
}

/** Sorts by time of arrival, and is safe as a file's name and in an address. */
function idMaker(wall: () => number): () => string {
  let last = 0;
  let count = 0;
  return () => {
    const now = Math.max(last, wall());
    count = now === last ? count + 1 : 0;
    last = now;
    return `${now}-${String(count).padStart(4, '0')}`;
  };
}

async function head(path: string): Promise<Buffer> {
  await using handle = await open(path);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  return buffer.subarray(0, bytesRead);
}

async function summarise(id: string, start: Buffer): Promise<Summary> {
  const end = start.indexOf('\r\n\r\n');
  const email = await PostalMime.parse(end < 0 ? start : start.subarray(0, end + 4));
  const said = (name: string) => email.headers.filter(({ key }) => key === name).map(({ value }) => decodeWords(value));
  const meant = said('x-vestnik-to');
  const delivered = meant.length > 0 ? meant : said('x-original-to');
  return {
    id,
    channel: said('x-vestnik-channel')[0] ?? 'email',
    to: delivered.length > 0 ? delivered.join(', ') : (email.to ?? []).map(written).join(', '),
    from: email.from ? written(email.from) : '',
    subject: email.subject ?? '',
    receivedAt: new Date(Number(id.slice(0, 13))).toISOString(),
    messageId: email.messageId ?? null,
  };
}

function written({ name, address }: Address): string {
  return name && address ? `${name} <${address}>` : (address ?? name);
}

function matches({ to, from, subject, channel }: Summary, wanted: Omit<Query, 'limit'>): boolean {
  const { to: address = '', search = '' } = wanted;
  if (wanted.channel && wanted.channel !== channel) return false;
  const addressed = address === '' || to.split(', ').some((one) => comparable(one) === comparable(address));
  return addressed && `${to} ${from} ${subject}`.toLowerCase().includes(search.toLowerCase());
}

/** Phones by their digits: `+` is a space in an address bar, and people put in spaces and dashes of their own. */
function comparable(address: string): string {
  return /^[\s+()\d-]+$/.test(address) ? address.replace(/\D/g, '') : address.trim().toLowerCase();
}

function toItem(summary: Summary, email: Email): Item {
  const headers: Record<string, string> = {};
  for (const { key, value } of email.headers) headers[key] ??= decodeWords(value);
  return { ...summary, headers, ...(email.html && { html: email.html }), ...(email.text && { text: email.text }) };
}
