import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import type { ApiDeps } from '#api/deps.ts';
import { Problem } from '#api/problems.ts';
import { told } from '#domain/told.ts';
import { authenticate, callerOf } from './auth.ts';
import { type Route, Streamed } from './route.ts';
import { routes } from './routes.ts';
import { parse, parseStorable } from './validate.ts';

const bodyLimit = '5mb';

/** `/api/v1`: every route of the list behind an API key; the wrong method of a known path is told which are right. */
export function openApiRouter(deps: ApiDeps): Router {
  const router = Router();
  router.use(authenticate(deps.db));
  const json = express.json({ limit: bodyLimit, type: isJson });
  for (const route of routes) {
    const read = route.body ? [onlyTypes(route.files), json, ...textOf(route.files)] : [];
    router[route.method](expressPath(route.path), ...read, handler(route, deps));
  }
  for (const path of new Set(routes.map((route) => route.path))) router.all(expressPath(path), otherMethods(path));
  return router;
}

/** `/customers/{id}` → `/customers/:id`. */
export function expressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

function handler(route: Route, deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const answer = await route.handle({
      params: route.params && parseStorable(route.params, request.params, false),
      query: route.query && parseStorable(route.query, request.query, false),
      body: route.body && parseBody(route, request.body),
      caller: callerOf(request),
      request,
      deps,
    });
    response.status(route.status ?? 200);
    if (answer instanceof Streamed) await stream(answer, request, response, deps);
    else if (route.answer === undefined) response.end();
    else response.json(answer);
  };
}

/** What fails in the middle can only be cut off: the caller sees a broken connection, not half a document as if whole. */
async function stream({ text, type }: Streamed, request: Request, response: Response, { log }: ApiDeps): Promise<void> {
  response.type(type).set('Cache-Control', 'no-store');
  try {
    await pipeline(Readable.from(text), response);
  } catch (error) {
    log.warn({ err: told(error), requestId: request.id }, 'an answer was cut off');
  }
}

/** A batch answers per item, so its items are looked at one by one by their handler. */
function parseBody(route: Route, body: unknown): unknown {
  if (!route.body) return undefined;
  return route.bodyInDocument ? parse(route.body, body, true) : parseStorable(route.body, body, true);
}

function onlyTypes(files: readonly string[] = []): RequestHandler {
  return (request, _response, next) => {
    // Asked about no type at all, Express says yes.
    const isFile = files.length > 0 && request.is([...files]) !== false;
    next(isJson(request) || isFile ? undefined : new Problem('not_json'));
  };
}

function textOf(files: readonly string[] = []): RequestHandler[] {
  return files.length === 0 ? [] : [express.text({ limit: bodyLimit, type: [...files] })];
}

function isJson(request: Pick<Request, 'headers'>): boolean {
  return /^application\/(?:[\w.+-]+\+)?json(?:;|$)/i.test(request.headers['content-type'] ?? '');
}

function otherMethods(path: string): RequestHandler {
  const known = routes.filter((route) => route.path === path).map((route) => route.method.toUpperCase());
  const allow = [...known, ...(known.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  return (request, response) => {
    if (request.method !== 'OPTIONS') throw new Problem('method_not_allowed', { headers: { Allow: allow } });
    response.set('Allow', allow).status(204).end();
  };
}
