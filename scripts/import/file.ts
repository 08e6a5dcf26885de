import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Failure } from '#domain/failure.ts';
import { isRecord } from '#domain/shapes.ts';
import { openCsv } from '#scripts/files/csv.ts';
import { dateReader } from '#scripts/files/dates.ts';
import { linesOf } from '#scripts/files/lines.ts';
import { BadCell, Cells } from './cells.ts';
import { readers } from './items.ts';
import { type Mapping, placesIn } from './mapping.ts';
import { joined, type Piece, type Whole } from './pieces.ts';

export interface ImportFile {
  path: string;
  mapping: Mapping;
  /** What holds where neither file nor mapping says. */
  zone: string;
  currency: string;
}

/** The lines of a file: a CSV table, or JSON Lines of the items of the open API. Throws Failure where it cannot be read as a whole. */
export async function* piecesOf(file: ImportFile): AsyncGenerator<Piece> {
  const { path, mapping } = file;
  const { encoding } = mapping.written;
  for await (const { value } of linesOf(path, encoding)) {
    yield* value.trimStart().startsWith('{') ? jsonPieces(path, encoding) : tablePieces(file);
    return;
  }
  throw new Failure(`${path} is empty: give a CSV file whose first line names its columns, or JSON Lines.`);
}

/** Columns of a table that nothing is read from: perhaps misspelt. */
export async function unusedColumns({ path, mapping }: ImportFile): Promise<readonly string[]> {
  for await (const { value } of linesOf(path, mapping.written.encoding)) {
    if (value.trimStart().startsWith('{')) return [];
    return placesIn(mapping, (await openCsv(path, mapping.written)).columns, path).unused;
  }
  return [];
}

async function* jsonPieces(path: string, encoding: string | undefined): AsyncGenerator<Piece> {
  for await (const { line, value } of linesOf(path, encoding)) {
    checkText(path, encoding, line, value);
    yield { line, key: null, read: () => jsonItem(value) };
  }
}

function jsonItem(text: string): ReturnType<Piece['read']> {
  try {
    const item: unknown = JSON.parse(text);
    if (isRecord(item)) return item;
  } catch {}
  return { field: '', reason: 'is no JSON object' };
}

async function* tablePieces({ path, mapping, zone, currency }: ImportFile): AsyncGenerator<Piece> {
  const { encoding, dateFormat } = mapping.written;
  const csv = await openCsv(path, mapping.written);
  checkText(path, encoding, 1, ...csv.columns);
  const places = placesIn(mapping, csv.columns, path);
  const how = {
    currency: mapping.written.currency ?? currency,
    instant: dateReader(dateFormat, mapping.written.zone ?? zone),
  };
  const reader = readers[mapping.kind];
  for await (const { line, value: row } of csv.rows()) {
    checkText(path, encoding, line, ...row);
    const cells = new Cells(places, row, how);
    const key = reader.key === null ? null : (cells.text(reader.key) ?? null);
    yield { line, key, read: () => itemOf(() => reader.read(cells, mapping)) };
  }
}

function itemOf(read: Piece['read']): ReturnType<Piece['read']> {
  try {
    return read();
  } catch (error) {
    if (error instanceof BadCell) return error.flaw;
    throw error;
  }
}

/** What a decoder could not read it marks with U+FFFD. */
function checkText(path: string, encoding: string | undefined, line: number, ...texts: string[]): void {
  if (texts.every((text) => !text.includes('\uFFFD'))) return;
  throw new Failure(
    `Line ${line} of ${path} is not ${encoding ?? 'utf-8'}: name the encoding of the file with --encoding, such as windows-1251 (Excel and 1C in Russian) or utf-16le.`,
  );
}

/** What has to be known of a file before anything of it is stored. */
export interface Survey {
  /** Of the last line. */
  lines: number;
  /** SHA-256 of its bytes. */
  content: Buffer;
  /** Whether lines of this key stand apart; for a few others, too. */
  isApart(key: string): boolean;
}

/** Reads the file once. Throws Failure where it cannot be read. */
export async function survey(file: ImportFile): Promise<Survey> {
  const seen = new Marks();
  const apart = new Set<string>();
  let [lines, last]: [number, string | null] = [0, null];
  for await (const { line, key } of piecesOf(file)) {
    lines = line;
    if (key !== null && key !== last && seen.mark(key)) apart.add(key);
    last = key;
  }
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file.path)) hash.update(chunk as Buffer);
  return { lines, content: hash.digest(), isApart: (key) => apart.has(key) };
}

/** Which keys were seen, in 32 MB however many there are: of five million one in a thousand is taken for seen that was not. */
class Marks {
  readonly #bits = new Uint32Array(2 ** 23);

  /** Whether it was seen before. */
  mark(key: string): boolean {
    let [a, b] = [2166136261, 5381];
    for (let index = 0; index < key.length; index++) {
      const code = key.charCodeAt(index);
      a = Math.imul(a ^ code, 16777619);
      b = (Math.imul(b, 33) + code) | 0;
    }
    const isNew = [this.#set(a >>> 4), this.#set((b ^ Math.imul(a, 0x9e3779b1)) >>> 4)].includes(false);
    return !isNew;
  }

  #set(bit: number): boolean {
    const mask = 1 << (bit & 31);
    const word = this.#bits[bit >>> 5] as number;
    this.#bits[bit >>> 5] = word | mask;
    return (word & mask) !== 0;
  }
}

/** Items, each whole, in the order of their first lines; those whose lines stand apart at the end. Of what stands up to line `after`
 *  only these: the rest is in. */
export async function* wholesOf(file: ImportFile, { isApart }: Survey, after: number): AsyncGenerator<Whole> {
  const { parts } = readers[file.mapping.kind];
  const held = new Map<string, Piece[]>();
  let together: Piece[] = [];
  for await (const piece of piecesOf(file)) {
    if (piece.key !== null && isApart(piece.key)) {
      held.set(piece.key, [...(held.get(piece.key) ?? []), piece]);
      continue;
    }
    if (piece.line <= after) continue;
    const [first] = together;
    if (first !== undefined && (first.key === null || first.key !== piece.key)) {
      yield joined(together, parts);
      together = [];
    }
    together.push(piece);
  }
  if (together.length > 0) yield joined(together, parts);
  for (const pieces of held.values()) yield joined(pieces, parts);
}
