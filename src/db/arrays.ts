const textOid = 25;

/**
 * A parameter of type `text[]` in PostgreSQL's binary format: no quoting here, no unquoting there, which for rows that
 * carry whole JSON documents is a good part of their price.
 */
export function textArray(values: readonly (string | null)[]): Buffer {
  const lengths = values.map((value) => (value === null ? 0 : Buffer.byteLength(value)));
  const size = lengths.reduce((sum, length) => sum + 4 + length, 20);
  const buffer = Buffer.allocUnsafe(size);
  let at = 0;
  const int = (value: number) => {
    at = buffer.writeInt32BE(value, at);
  };
  // Dimensions, whether there are nulls, the type; then the size and lower bound of the one dimension.
  int(values.length === 0 ? 0 : 1);
  int(1);
  int(textOid);
  if (values.length === 0) return buffer.subarray(0, at);
  int(values.length);
  int(1);
  for (const [index, value] of values.entries()) {
    int(value === null ? -1 : (lengths[index] ?? 0));
    if (value !== null) at += buffer.write(value, at);
  }
  return buffer;
}
