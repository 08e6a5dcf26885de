import type { Request, RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import { Problem } from '#api/problems.ts';
import type { Db } from '#db/connect.ts';
import { findKey } from '#db/keys.ts';

/** Wrong keys from one address in a minute, before it has to wait. */
const wrongKeysAMinute = 30;

const callers = new WeakMap<Request, { id: string; name: string }>();

export function callerOf(request: Request): { id: string; name: string } {
  const caller = callers.get(request);
  if (!caller) throw new Error('this route must stand behind authenticate()');
  return caller;
}

/** `Authorization: Bearer <API key>`. The table is asked each time: a revoked key is out at once, and with no key in
 *  the table all is closed. Only wrong keys count against the limit. */
export function authenticate(db: Db): RequestHandler {
  const limit = limitWrongKeys();
  return async (request, response, next) => {
    const key = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(request.headers.authorization ?? '')?.[1];
    const caller = key === undefined ? null : await findKey(db, 'api_keys', key);
    if (caller) {
      callers.set(request, caller);
      next();
    } else await limit(request, response, (error) => next(error ?? unauthorized()));
  };
}

function unauthorized(): Problem {
  return new Problem('unauthorized', { headers: { 'WWW-Authenticate': 'Bearer realm="Vestnik open API"' } });
}

function limitWrongKeys(): RequestHandler {
  return rateLimit({
    windowMs: 60_000,
    limit: wrongKeysAMinute,
    standardHeaders: false,
    legacyHeaders: true,
    // Behind a load balancer its address is the one that is slowed down; valid keys never are.
    validate: { xForwardedForHeader: false, forwardedHeader: false },
    handler: (_request, response, next) => {
      const seconds = String(response.getHeader('Retry-After') ?? 60);
      next(new Problem('too_many_wrong_keys', { headers: { 'Retry-After': seconds } }));
    },
  });
}
