import { createReadStream } from 'node:fs';
import type { Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Failure } from '#domain/failure.ts';

/** Something of a file, and the line it stands on, from 1. */
export interface Placed<T> {
  line: number;
  value: T;
}

/** A file's bytes as text, unpacked where its name ends in `.gz`. `encoding` as the WHATWG names it: `utf-8`, `windows-1251` (what
 *  Excel writes in Russian) … A byte order mark is left out. */
export async function* textOf(path: string, encoding = 'utf-8'): AsyncGenerator<string> {
  const bytes = createReadStream(path, { highWaterMark: 256 * 1024 });
  const unpacked: Readable | Transform = path.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
  // A pipe hands no failure on: the reader of what is unpacked would wait for ever.
  if (unpacked !== bytes) bytes.on('error', (error) => unpacked.destroy(error));
  const decoder = decoderOf(encoding);
  try {
    for await (const chunk of unpacked) {
      const text = decoder.decode(chunk as Buffer, { stream: true });
      if (text !== '') yield text;
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  const rest = decoder.decode();
  if (rest !== '') yield rest;
}

/** The lines of a file that are not empty. */
export async function* linesOf(path: string, encoding = 'utf-8'): AsyncGenerator<Placed<string>> {
  let line = 0;
  let rest = '';
  for await (const text of textOf(path, encoding)) {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      line += 1;
      if (part.trim() !== '') yield { line, value: part };
    }
  }
  if (rest.trim() !== '') yield { line: line + 1, value: rest };
}

/** Of what the system or the unpacking objects to, a sentence. */
function unreadable(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  return new Failure(`${path} cannot be read (${error.code}): give the path of a file that is there and whole.`);
}

function decoderOf(encoding: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(encoding);
  } catch {
    throw new Failure(`The encoding "${encoding}" is not known: say utf-8, windows-1251 or another of the WHATWG's.`);
  }
}
