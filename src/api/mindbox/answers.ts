import { randomUUID } from 'node:crypto';
import type { Response } from 'express';
import type { Logger } from 'pino';
import { BadBody } from '#api/segment/body.ts';
import { BadEvent } from '#domain/segment.ts';
import { Invalid } from './operations.ts';

/** A request that is wrong before anybody looks at what it tells: key, operation, form. */
export class Protocol extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What Mindbox's clients act on: 200 with `Success`, or with `ValidationError` for what is wrong in the body; 4xx with
 *  `ProtocolError`; 503, which they send again. */
export function answerSuccess(response: Response): void {
  response.json({ status: 'Success' });
}

export function answerFailure(response: Response, error: unknown, log: Logger): void {
  if (response.headersSent) return;
  const invalid = validation(error);
  if (invalid) response.json({ status: 'ValidationError', validationMessages: [invalid] });
  else if (error instanceof Protocol) failure(response, error.status, 'ProtocolError', error.message);
  else if (error instanceof BadBody) failure(response, 400, 'ProtocolError', error.message);
  else {
    const errorId = failure(response, 503, 'InternalServerError', 'Not stored just now: send the same again');
    log.error({ errorId, err: withoutData(error) }, 'an operation could not be stored');
  }
}

function validation(error: unknown): { message: string; location: string } | null {
  if (error instanceof Invalid) return { message: error.message, location: error.location };
  if (!(error instanceof BadEvent)) return null;
  if (error.field !== 'userId') return { message: error.message, location: '/' };
  return { message: 'a customer must be named by an id, e-mail, phone or deviceUUID', location: '/customer' };
}

function failure(response: Response, httpStatusCode: number, status: string, errorMessage: string): string {
  const errorId = randomUUID();
  if (httpStatusCode === 503) response.set('Retry-After', '1');
  response.status(httpStatusCode).json({ status, errorMessage, errorId, httpStatusCode });
  return errorId;
}

/** A database error's message and details quote the row that failed: kept out of logs. */
function withoutData(error: unknown) {
  const { name, message, code } = error as Error & { code?: unknown };
  return code === undefined ? { name, message } : { name, code };
}
