/**
 * Parameters that are arrays, in PostgreSQL's binary format: no quoting and no formatting of dates here, no unquoting and no
 * parsing there, which is a good part of what many rows cost.
 */

/** What stands for a value of each type here. */
export interface Values {
  text: string;
  json: string;
  uuid: string;
  /** Epoch ms. */
  timestamptz: number;
  int: number;
  /** Up to 2^53. */
  bigint: number;
  /** One character a byte. */
  bytea: string;
}

export type ArrayType = keyof Values;

interface Format<T> {
  oid: number;
  size(value: T): number;
  write(buffer: Buffer, at: number, value: T): void;
}

const formats: { [Type in ArrayType]: Format<Values[Type]> } = {
  text: {
    oid: 25,
    size: (value) => Buffer.byteLength(value),
    write: (buffer, at, value) => void buffer.write(value, at),
  },
  json: {
    oid: 114,
    size: (value) => Buffer.byteLength(value),
    write: (buffer, at, value) => void buffer.write(value, at),
  },
  uuid: { oid: 2950, size: () => 16, write: writeUuid },
  timestamptz: {
    oid: 1184,
    size: () => 8,
    write: (buffer, at, value) => writeBigint(buffer, at, (value - year2000) * 1000),
  },
  int: { oid: 23, size: () => 4, write: (buffer, at, value) => void buffer.writeInt32BE(value, at) },
  bigint: { oid: 20, size: () => 8, write: writeBigint },
  bytea: {
    oid: 17,
    size: (value) => value.length,
    write: (buffer, at, value) => void buffer.write(value, at, 'latin1'),
  },
};

/** PostgreSQL counts time from here. */
const year2000 = Date.UTC(2000, 0, 1);

/** Throws RangeError on what is no whole number, such as the time of an invalid date. */
function writeBigint(buffer: Buffer, at: number, value: number): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
  const high = Math.floor(value / 2 ** 32);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE(value - high * 2 ** 32, at + 4);
}

/** Where the hexadecimal digits of a UUID's bytes stand. */
const digits = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

function writeUuid(buffer: Buffer, at: number, value: string): void {
  for (let index = 0; index < 16; index++) {
    const place = digits[index] as number;
    buffer[at + index] = (digit(value.charCodeAt(place)) << 4) | digit(value.charCodeAt(place + 1));
  }
}

function digit(code: number): number {
  return code < 58 ? code - 48 : (code | 32) - 87;
}

/** A parameter of type `type[]`. */
export function arrayOf<Type extends ArrayType>(type: Type, values: readonly (Values[Type] | null)[]): Buffer {
  const { oid, size, write } = formats[type];
  const sizes = values.map((value) => (value === null ? -1 : size(value)));
  const buffer = Buffer.allocUnsafe(
    sizes.reduce((sum, bytes) => sum + 4 + Math.max(0, bytes), values.length === 0 ? 12 : 20),
  );
  // Dimensions, whether there are nulls, the type; then the size and lower bound of the one dimension.
  const head = values.length === 0 ? [0, 1, oid] : [1, 1, oid, values.length, 1];
  for (const [index, word] of head.entries()) buffer.writeInt32BE(word, index * 4);
  let at = head.length * 4;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as Values[Type] | null;
    const bytes = sizes[index] as number;
    at = buffer.writeInt32BE(bytes, at);
    if (value === null) continue;
    write(buffer, at, value);
    at += bytes;
  }
  return buffer;
}

/** Of each type, the array without elements. */
export const empty: Readonly<Record<ArrayType, Buffer>> = {
  text: arrayOf('text', []),
  json: arrayOf('json', []),
  uuid: arrayOf('uuid', []),
  timestamptz: arrayOf('timestamptz', []),
  int: arrayOf('int', []),
  bigint: arrayOf('bigint', []),
  bytea: arrayOf('bytea', []),
};
