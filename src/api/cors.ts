import type { RequestHandler } from 'express';

/** Pages of any shop may call these routes: no cookie is read there, and write keys are public. */
export function openToBrowsers(methods: readonly string[], headers: readonly string[]): RequestHandler {
  const allowed = {
    'Access-Control-Allow-Methods': methods.join(', '),
    'Access-Control-Allow-Headers': headers.join(', '),
    'Access-Control-Max-Age': '86400',
  };
  return (request, response, next) => {
    response.set('Access-Control-Allow-Origin', '*');
    if (request.method !== 'OPTIONS') return next();
    response.set(allowed).status(204).end();
  };
}
