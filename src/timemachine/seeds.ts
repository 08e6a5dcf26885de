import { createHash } from 'node:crypto';

/** Bytes that depend on the text alone. */
export function bytesOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** A UUID (v4 in form) that depends on the text alone. */
export function uuidOf(text: string): string {
  const hex = bytesOf(text).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** One 16-byte draw after another, the same again for the same text. */
export function drawsOf(text: string): () => Uint8Array {
  let count = 0;
  return () => bytesOf(`${text}#${count++}`).subarray(0, 16);
}
