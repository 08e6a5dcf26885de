import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime, { type Address, decodeWords, type Email } from 'postal-mime';

export interface Summary {
  id: string;
  /** Whom it was delivered to (the envelope), comma-separated. */
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
  /** One address exactly, whatever its case. */
  to?: string;
  /** Somewhere in the addresses or the subject. */
  search?: string;
  limit: number;
}

export interface Store {
  /** Resolves when the message is on the disk. */
  add(content: Buffer, envelope: { from: string; to: string[] }): Promise<string>;
  /** Newest first. */
  list(query: Query): Promise<{ total: number; items: Summary[] }>;
  item(id: string): Promise<Item | null>;
  source(id: string): Promise<Buffer | null>;
}

/** Long enough for the headers of anything that we send. */
const headBytes = 16_384;
const parsedAtOnce = 500;

/** Messages as `.eml` files in a folder, the newest `most` of them. What is known of each is read from the files' headers
 *  at the start, in the background: thousands take a fraction of a second. */
export function openStore(dir: string, most: number, wall: () => number = Date.now): Store {
  const summaries = new Map<string, Summary>(); // oldest first
  const parsed = new Map<string, Item>();
  const loaded = load(dir, most).then((found) => {
    const since = [...summaries];
    summaries.clear();
    for (const [id, summary] of [...found, ...since]) summaries.set(id, summary);
  });
  const nextId = idMaker(wall);
  const file = (id: string) => join(dir, `${id}.eml`);

  async function add(content: Buffer, envelope: { from: string; to: string[] }): Promise<string> {
    await mkdir(dir, { recursive: true });
    const id = nextId();
    const trace = `Return-Path: <${envelope.from}>\r\n${envelope.to.map((to) => `X-Original-To: ${to}\r\n`).join('')}`;
    const whole = Buffer.concat([Buffer.from(trace), content]);
    await writeFile(`${file(id)}.part`, whole);
    await rename(`${file(id)}.part`, file(id));
    summaries.set(id, await summarise(id, whole.subarray(0, headBytes)));
    if (summaries.size > most) await forgetOldest();
    return id;
  }

  async function forgetOldest(): Promise<void> {
    await loaded;
    const tooMany = [...summaries.keys()].slice(0, Math.max(0, summaries.size - most));
    for (const id of tooMany) summaries.delete(id);
    await Promise.all(tooMany.map((id) => rm(file(id), { force: true })));
  }

  async function list({ to, search, limit }: Query) {
    await loaded;
    const matching = [...summaries.values()].filter((one) => matches(one, to, search));
    matching.sort((a, b) => (a.id < b.id ? 1 : -1)); // those that came together were not stored in order
    return { total: matching.length, items: matching.slice(0, limit) };
  }

  async function source(id: string): Promise<Buffer | null> {
    await loaded;
    return summaries.has(id) ? readFile(file(id)) : null;
  }

  async function item(id: string): Promise<Item | null> {
    const known = parsed.get(id);
    if (known) return known;
    const content = await source(id);
    const summary = summaries.get(id);
    if (!content || !summary) return null;
    const made = toItem(summary, await PostalMime.parse(content));
    parsed.set(id, made);
    for (const oldest of [...parsed.keys()].slice(0, Math.max(0, parsed.size - parsedAtOnce))) parsed.delete(oldest);
    return made;
  }

  return { add, list, item, source };
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

async function load(dir: string, most: number): Promise<Map<string, Summary>> {
  await mkdir(dir, { recursive: true });
  const ids = (await readdir(dir)).filter((name) => name.endsWith('.eml')).map((name) => name.slice(0, -4));
  const kept = ids.sort().slice(-most);
  const found = new Map<string, Summary>();
  for (let start = 0; start < kept.length; start += 64) {
    const some = kept.slice(start, start + 64);
    const read = await Promise.all(some.map(async (id) => summarise(id, await head(join(dir, `${id}.eml`)))));
    for (const summary of read) found.set(summary.id, summary);
  }
  return found;
}

async function head(path: string): Promise<Buffer> {
  await using handle = await open(path);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  return buffer.subarray(0, bytesRead);
}

async function summarise(id: string, start: Buffer): Promise<Summary> {
  const end = start.indexOf('\r\n\r\n');
  const email = await PostalMime.parse(end < 0 ? start : start.subarray(0, end + 4));
  const delivered = email.headers.filter((header) => header.key === 'x-original-to').map((header) => header.value);
  return {
    id,
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

function matches({ to, from, subject }: Summary, address = '', search = ''): boolean {
  const addressed = address === '' || to.toLowerCase().split(', ').includes(address.toLowerCase());
  return addressed && `${to} ${from} ${subject}`.toLowerCase().includes(search.toLowerCase());
}

function toItem(summary: Summary, email: Email): Item {
  const headers: Record<string, string> = {};
  for (const { key, value } of email.headers) headers[key] ??= decodeWords(value);
  return { ...summary, headers, ...(email.html && { html: email.html }), ...(email.text && { text: email.text }) };
}
