import type { Request } from 'express';
import { Problem } from '#api/problems.ts';

/** The version that whoever changes something has seen, by `If-Match`; undefined where they do not mind. */
export function expectedVersion(request: Request): number | undefined {
  const header = request.get('if-match');
  if (header === undefined || header === '*') return undefined;
  const version = /^"?(\d{1,9})"?$/.exec(header)?.[1];
  if (version !== undefined) return Number(version);
  const message = 'must be the number of a version, such as "3"';
  throw new Problem('invalid_request', { detail: `If-Match ${message}.`, errors: [{ field: 'If-Match', message }] });
}
