import { randomBytes } from 'node:crypto';
import type { RequestHandler } from 'express';

/** Counting up from a random start costs a tenth of a fresh UUID for each request. */
const prefix = randomBytes(6).toString('hex');
let count = 0;

const acceptable = /^[\w.:/+=-]{1,100}$/;

/** The caller's `X-Request-Id` where it is a sane one, else ours; told in the answer and in every log line. */
export const requestId: RequestHandler = (request, response, next) => {
  const given = request.headers['x-request-id'];
  request.id = typeof given === 'string' && acceptable.test(given) ? given : `${prefix}-${(++count).toString(36)}`;
  response.setHeader('X-Request-Id', request.id as string);
  next();
};
