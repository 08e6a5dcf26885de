import type { z } from 'zod';
import { type FieldError, Problem } from '#api/problems.ts';

/** What zod found, in the words of the API. `where` is given for a list of items: `items.3`. */
export function fieldErrors(error: z.core.$ZodError, inBody: boolean, where: PropertyKey[] = []): FieldError[] {
  return error.issues.flatMap((issue) => {
    const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    return paths.map((path) => fieldError([...where, ...path], issue.message, inBody));
  });
}

export function fieldError(path: readonly PropertyKey[], message: string, inBody: boolean): FieldError {
  const field = path.map(String).join('.');
  return inBody ? { field, pointer: pointer(path), message } : { field, message };
}

function pointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The parsed value, or a problem that names every field that is wrong. */
export function parse<S extends z.ZodType>(schema: S, value: unknown, inBody: boolean): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = fieldErrors(parsed.error, inBody);
  throw new Problem('invalid_request', { detail: summary(errors), errors });
}

function summary(errors: readonly FieldError[]): string {
  const first = errors[0];
  const more = errors.length > 1 ? `, and ${errors.length - 1} more` : '';
  return first ? `${first.field || 'the value'}: ${first.message}${more}.` : 'The value is not valid.';
}

/** Deeper documents are nobody's data; PostgreSQL and we ourselves read them by recursion. */
const deepest = 32;

interface Unstorable {
  path: PropertyKey[];
  message: string;
}

/** The first thing in a value that PostgreSQL cannot keep: NUL or half a surrogate pair in a text, too deep a nesting. */
export function unstorable(value: unknown): Unstorable | null {
  // Where it is, is asked of those that have one: to note the way to each value takes longer than all else that is checked.
  return isStorable(value, 0) ? null : found(value, []);
}

function isStorable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return isText(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= deepest) return false;
  for (const key in value)
    if (!isText(key) || !isStorable((value as Record<string, unknown>)[key], depth + 1)) return false;
  return true;
}

function found(value: unknown, path: PropertyKey[]): Unstorable | null {
  if (typeof value === 'string') return isText(value) ? null : { path, message: badText };
  if (typeof value !== 'object' || value === null) return null;
  if (path.length >= deepest) return { path, message: `is nested in more than ${deepest} levels` };
  for (const [key, inner] of Object.entries(value)) {
    if (!isText(key)) return { path, message: badText };
    const one = found(inner, [...path, key]);
    if (one) return one;
  }
  return null;
}

const badText = 'has a character that cannot be kept: NUL or half a surrogate pair';

function isText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** As `parse`, of a value from outside whose texts go to the database. */
export function parseStorable<S extends z.ZodType>(schema: S, value: unknown, inBody: boolean): z.output<S> {
  const bad = unstorable(value);
  if (bad) {
    const error = fieldError(bad.path, bad.message, inBody);
    throw new Problem('invalid_request', { detail: summary([error]), errors: [error] });
  }
  return parse(schema, value, inBody);
}
