import { z } from 'zod';
import { Problem } from '#api/problems.ts';

/** A cursor is the sort key of the last item shown, opaque to callers (keyset pagination: stable while rows come in). */
export function encodeCursor(key: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** Throws `invalid_cursor` for what is not a cursor of this shape. */
export function decodeCursor<S extends z.ZodType>(cursor: string | undefined, shape: S): z.output<S> | null {
  if (cursor === undefined) return null;
  const parsed = shape.safeParse(json(cursor));
  if (!parsed.success) throw new Problem('invalid_cursor');
  return parsed.data;
}

function json(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

export const storable = z
  .string()
  .max(2000)
  .refine((text) => !text.includes('\0') && text.isWellFormed());
export const textCursor = z.tuple([storable]);
export const idCursor = z.tuple([z.uuid()]);
export const instant = z.iso.datetime().transform((text) => new Date(text));
export const timeCursor = z.tuple([instant, z.uuid()]);
export const placeCursor = z.tuple([instant, z.int().min(0).max(9), z.uuid()]);

/** A page out of `limit + 1` rows: the row too many only tells that there is more. */
export function page<T>(rows: readonly T[], limit: number, key: (row: T) => readonly unknown[]) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? encodeCursor(key(last)) : null };
}
