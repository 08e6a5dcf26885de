import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { type ProblemCode, problems } from '#api/problems.ts';
import { Overloaded } from '#db/intake.ts';
import { BadBody, Gone } from './body.ts';
import type { Read, Refused } from './calls.ts';

/**
 * What clients do with an answer (`@segment/analytics-node` 3, `@rudderstack/rudder-sdk-node` 3, read in their sources):
 * 2xx and, at Segment's, 3xx: delivered. 400, 401: never sent again. 5xx: sent again, with the same message ids. So: 400
 * and 401 only for what can never be accepted; whatever else fails is a 503.
 */
export class WrongKey extends Error {}

/** Wall seconds. */
const retryAfter = 1;

/**
 * A batch with bad calls in it gets a 200 that names them: by a 400 the client would drop its good ones with them. Only
 * where nothing at all can be accepted is it a 400.
 */
export function answer(response: ServerResponse, { events, refused }: Read, log: Logger): void {
  if (refused.length > 0) log.warn({ refused: refused.length, fields: fieldsOf(refused) }, 'events refused');
  if (refused.length > 0 && events.length === 0) problem(response, 'event_refused', refused[0]?.reason, { refused });
  else send(response, 200, refused.length === 0 ? accepted : JSON.stringify({ success: true, refused }));
}

const accepted = JSON.stringify({ success: true });

function fieldsOf(refused: readonly Refused[]): string[] {
  return [...new Set(refused.map(({ field }) => field))].slice(0, 20);
}

export function failure(response: ServerResponse, error: unknown, log: Logger): void {
  if (error instanceof Gone || response.headersSent) return;
  const code = codeOf(error);
  if (code === 'not_stored') log.error({ err: withoutData(error) }, 'events could not be stored');
  problem(response, code, error instanceof BadBody ? error.message : undefined);
}

function codeOf(error: unknown): ProblemCode {
  if (error instanceof BadBody) return 'malformed_body';
  if (error instanceof WrongKey) return 'wrong_write_key';
  return error instanceof Overloaded ? 'overloaded' : 'not_stored';
}

/** A database error's message and details quote the row that failed: kept out of logs. */
function withoutData(error: unknown) {
  const { name, message, code, stack } = error as Error & { code?: unknown };
  return code === undefined ? { name, message, stack } : { name, code };
}

/** RFC 9457, with Segment's `success` beside it. */
function problem(response: ServerResponse, code: ProblemCode, detail?: string, more: object = {}): void {
  const { status, title, next } = problems[code];
  const told = detail === undefined ? next : `${detail}. ${next}`;
  const body = { type: `/docs/errors#${code}`, title, status, detail: told, code, success: false, ...more };
  if (status === 503) response.setHeader('Retry-After', String(retryAfter));
  send(response, status, JSON.stringify(body), 'application/problem+json');
}

function send(response: ServerResponse, status: number, body: string, type = 'application/json'): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }).end(body);
}
