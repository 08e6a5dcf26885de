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

/** Text that PostgreSQL cannot keep (NUL, half a surrogate pair), anywhere in a value; the path to the first of it. */
export function unstorable(value: unknown, path: PropertyKey[] = []): PropertyKey[] | null {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? path : null;
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    if (unstorable(key)) return path;
    const found = unstorable(inner, [...path, key]);
    if (found) return found;
  }
  return null;
}

export const unstorableMessage = 'has a character that cannot be kept: NUL or half a surrogate pair';

/** As `parse`, of a value from outside whose texts go to the database. */
export function parseStorable<S extends z.ZodType>(schema: S, value: unknown, inBody: boolean): z.output<S> {
  const path = unstorable(value);
  if (path) {
    const error = fieldError(path, unstorableMessage, inBody);
    throw new Problem('invalid_request', {
      detail: `${error.field || 'the value'} ${unstorableMessage}.`,
      errors: [error],
    });
  }
  return parse(schema, value, inBody);
}
