import { Failure } from '#domain/failure.ts';

/** A column of an R data frame; null: NA. */
export type Column =
  | { kind: 'text'; values: (string | null)[] }
  | { kind: 'number' | 'instant'; values: (number | null)[] };

type Attributes = Record<string, Value>;
type Value =
  | { type: 'null' }
  | { type: 'text' | 'number' | 'list' | 'symbol'; values: unknown[]; attributes: Attributes };

/** The data frame in what R's `save` writes (https://cran.r-project.org/doc/manuals/R-ints.html, Serialization Formats), unpacked: binary, of
 *  versions 2 and 3. Throws Failure on what else there is. */
export function dataFrameOf(bytes: Buffer): Map<string, Column> {
  if (!/^RDX[23]\nX\n/.test(bytes.toString('latin1', 0, 7)))
    throw new Failure('This is no file that R saved (RDX2, RDX3).');
  const reader = new Reader(bytes, 7);
  const saved = reader.saved();
  const frame = Object.values(saved).find((value) => value.type === 'list');
  if (frame?.type !== 'list') throw new Failure('No data frame is in this file.');
  const names = textsOf(frame.attributes.names);
  return new Map(names.map((name, index) => [name ?? '', columnOf(frame.values[index] as Value)]));
}

function columnOf(value: Value): Column {
  if (value.type === 'null') throw new Failure('A column of the data frame is empty.');
  if (value.type === 'text') return { kind: 'text', values: value.values as string[] };
  const classes = textsOf(value.attributes.class);
  const values = value.values as (number | null)[];
  if (classes.includes('POSIXct')) return { kind: 'instant', values };
  if (!classes.includes('factor')) return { kind: 'number', values };
  const levels = textsOf(value.attributes.levels);
  return { kind: 'text', values: values.map((level) => (level === null ? null : (levels[level - 1] ?? null))) };
}

function textsOf(value: Value | undefined): (string | null)[] {
  return value?.type === 'text' ? (value.values as (string | null)[]) : [];
}

/** R's codes of what comes next. */
const types = {
  nil: 254,
  reference: 255,
  symbol: 1,
  pairs: 2,
  characters: 9,
  logical: 10,
  integer: 13,
  real: 14,
  text: 16,
  list: 19,
} as const;

const [hasAttributes, hasTag] = [0x200, 0x400];
const missingInteger = -(2 ** 31);

class Reader {
  readonly #bytes: Buffer;
  readonly #symbols: Value[] = [];
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Everything that was saved, by name. */
  saved(): Attributes {
    const version = this.#int();
    this.#at += 8; // the versions of R that wrote it, and that can read it
    const encodingLength = version === 3 ? this.#int() : 0;
    this.#at += encodingLength;
    return this.#pairs(this.#int());
  }

  #int(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  #value(): Value {
    const flags = this.#int();
    const type = flags & 0xff;
    if (type === types.nil) return { type: 'null' };
    if (type === types.reference) return this.#symbols[(flags >> 8 || this.#int()) - 1] ?? { type: 'null' };
    if (type === types.symbol) return this.#symbol();
    const values = this.#vector(type);
    const attributes = flags & hasAttributes ? this.#pairs(this.#int()) : {};
    const kind = type === types.text ? 'text' : type === types.list ? 'list' : 'number';
    return { type: kind, values, attributes };
  }

  #vector(type: number): unknown[] {
    const length = this.#int();
    const each = <T>(read: () => T) => Array.from({ length }, read);
    if (type === types.text) return each(() => this.#characters());
    if (type === types.list) return each(() => this.#value());
    if (type === types.real) return each(() => this.#real());
    if (type === types.integer || type === types.logical) return each(() => this.#integer());
    throw new Failure(`R's type ${type} is not read: save the data frame with plain columns (saveRDS version 2).`);
  }

  #integer(): number | null {
    const value = this.#int();
    return value === missingInteger ? null : value;
  }

  /** NA is one of the NaNs. */
  #real(): number | null {
    this.#at += 8;
    const value = this.#bytes.readDoubleBE(this.#at - 8);
    return Number.isNaN(value) ? null : value;
  }

  #characters(): string | null {
    const encoding = (this.#int() >> 12) & 0x4 ? 'latin1' : 'utf8';
    const length = this.#int();
    if (length < 0) return null;
    this.#at += length;
    return this.#bytes.toString(encoding, this.#at - length, this.#at);
  }

  #symbol(): Value {
    const symbol: Value = { type: 'symbol', values: [this.#characters()], attributes: {} };
    this.#symbols.push(symbol);
    return symbol;
  }

  #pairs(first: number): Attributes {
    const found: Attributes = {};
    for (let flags = first; (flags & 0xff) === types.pairs; flags = this.#int()) {
      if (flags & hasAttributes) this.#value();
      const tag = flags & hasTag ? this.#value() : { type: 'null' as const };
      const name = tag.type === 'symbol' ? String(tag.values[0]) : '';
      found[name] = this.#value();
    }
    return found;
  }
}
