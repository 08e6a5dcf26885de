import type { Response } from 'express';
import type { Logger } from 'pino';
import { Overloaded } from '#db/intake.ts';
import { BadBody, Gone } from './body.ts';
import type { Read, Refused } from './calls.ts';

/**
 * What clients do with an answer (`@segment/analytics-node` 3, `@rudderstack/rudder-sdk-node` 3, read in their sources):
 * 2xx and, at Segment's, 3xx: delivered. 400, 401: never sent again. 5xx and 429: sent again, with the same message ids.
 * So: 400 and 401 only for what can never be accepted; whatever else fails is a 503.
 */
export class BadRequest extends Error {
  readonly field: string;
  constructor(field: string, problem: string) {
    super(`${field} ${problem}`);
    this.field = field;
  }
}

export class WrongKey extends Error {}

/** Wall seconds. */
const retryAfter = 1;

/**
 * A batch with bad calls in it gets a 200 that names them: by a 400 the client would drop its good ones with them. Only
 * where nothing at all can be accepted is it a 400.
 */
export function answer(response: Response, { events, refused }: Read, isSingle: boolean, log: Logger): void {
  if (refused.length > 0) log.warn({ refused: refused.length, fields: fieldsOf(refused) }, 'calls refused');
  const isHopeless = refused.length > 0 && (isSingle || events.length === 0);
  if (isHopeless) problem(response, 400, 'bad-call', refused[0]?.reason ?? '', { refused });
  else send(response, 200, refused.length === 0 ? accepted : JSON.stringify({ success: true, refused }));
}

const accepted = JSON.stringify({ success: true });

function fieldsOf(refused: readonly Refused[]): string[] {
  return [...new Set(refused.map(({ field }) => field))].slice(0, 20);
}

export function failure(response: Response, error: unknown, log: Logger): void {
  if (error instanceof Gone || response.headersSent) return;
  if (error instanceof BadBody) return problem(response, 400, 'bad-body', error.message);
  if (error instanceof BadRequest) return problem(response, 400, 'bad-request', error.message, { field: error.field });
  if (error instanceof WrongKey) {
    const detail = 'give a write key that works, as the user of Basic authentication or as writeKey in the body';
    return problem(response, 401, 'wrong-write-key', detail);
  }
  response.setHeader('Retry-After', String(retryAfter));
  if (error instanceof Overloaded) return problem(response, 503, 'overloaded', 'too many events wait; send again');
  log.error({ err: withoutData(error) }, 'events could not be stored');
  problem(response, 503, 'not-stored', 'the events could not be stored just now; send them again');
}

/** A database error's details quote the row that failed: kept out of logs. */
function withoutData(error: unknown) {
  const { name, message, code, stack } = error as Error & { code?: unknown };
  return { name, message: code === undefined ? message : `database error ${String(code)}`, code, stack };
}

/** RFC 9457, with Segment's `success` beside it. */
function problem(response: Response, status: number, code: string, detail: string, more: object = {}): void {
  const body = { type: `/docs/errors#${code}`, title: code, status, detail, success: false, ...more };
  send(response, status, JSON.stringify(body), 'application/problem+json');
}

/** By the node response itself: Express's `json` spends a fifth of the request on an entity tag and charset. */
function send(response: Response, status: number, body: string, type = 'application/json'): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }).end(body);
}
