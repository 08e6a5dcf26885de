import { type Request, type RequestHandler, type Response, Router, text } from 'express';
import type { z } from 'zod';
import { openToBrowsers } from '#api/cors.ts';
import type { ApiDeps } from '#api/deps.ts';
import { noveltiesFor } from '#api/open/recommendations.ts';
import { noveltiesQuery } from '#api/open/schemas/recommendations.ts';
import { parseStorable } from '#api/open/validate.ts';
import { Problem } from '#api/problems.ts';
import { type DeviceChannel, forgetDevice, type NewDevice, replaceDevice } from '#db/devices.ts';
import { knownPushServices } from '#domain/push-services.ts';
import { type Script, siteScript, workerScript } from '#site/scripts.ts';
import { type RegistrationDeps, register, rulesOf } from './registration.ts';
import { endedSubscription, endedToken, movedSubscription, subscriptionInput, tokenInput } from './schemas.ts';

export type SiteDeps = RegistrationDeps & Pick<ApiDeps, 'publicUrl' | 'webPush'>;

/** A subscription has less than 3 KB. */
const bodyLimit = '16kb';

/** What a shop's pages and apps load and call. Whoever writes a customer's ids knows them; what is proved by an endpoint or a
 *  token is proved by what only that device and we know. */
export function siteRouter(deps: SiteDeps): Router {
  const router = Router();
  router.get('/site.js', sendScript(siteScript(), 'public, max-age=300'));
  // Browsers ask for the worker on their own account: what they have must not be old.
  router.get('/site/worker.js', sendScript(workerScript(deps.publicUrl), 'no-cache'));
  router.use('/site/v1', openToBrowsers(['GET', 'POST', 'PUT', 'DELETE'], ['Content-Type']));
  router.get('/site/v1/push/key', (_request, response) => sendKey(deps, response));
  // Of any content type: plain text needs no preflight.
  const body = text({ type: () => true, limit: bodyLimit });
  router.get('/site/v1/novelties', async (request, response) => {
    const query = parseStorable(noveltiesQuery.omit({ registered: true }), request.query, false);
    const items = await noveltiesFor(deps, { ...query, registered: false });
    response.set('Cache-Control', 'public, max-age=60').json({ items });
  });
  subscriptionRoutes(router, body, deps);
  tokenRoutes(router, body, deps);
  return router;
}

function subscriptionRoutes(router: Router, body: RequestHandler, deps: SiteDeps): void {
  const path = '/site/v1/push/subscriptions';
  const services = [...knownPushServices, ...(deps.webPush?.services ?? [])];
  const [input, moved] = [subscriptionInput(services), movedSubscription(services)];
  router.post(path, body, async (request, response) => {
    const { subscription, ...told } = read(input, request);
    await register(deps, told, browserOf(subscription, request), { source: 'browser', ip: request.ip ?? null });
    response.status(204).end();
  });
  router.put(path, body, async (request, response) => {
    const { old, subscription } = read(moved, request);
    const found = await replaceDevice(deps.db, old, browserOf(subscription, request), deps.clock.now());
    if (!found) throw new Problem('device_not_found');
    response.status(204).end();
  });
  router.delete(path, body, async (request, response) => {
    await forget(deps, 'web_push', read(endedSubscription, request).endpoint, request);
    response.status(204).end();
  });
}

function tokenRoutes(router: Router, body: RequestHandler, deps: SiteDeps): void {
  const path = '/site/v1/push/tokens';
  router.post(path, body, async (request, response) => {
    const { token, ...told } = read(tokenInput, request);
    const device: NewDevice = { channel: 'app_push', address: token, keys: null, userAgent: agentOf(request) };
    await register(deps, told, device, { source: 'app', ip: request.ip ?? null });
    response.status(204).end();
  });
  router.delete(path, body, async (request, response) => {
    await forget(deps, 'app_push', read(endedToken, request).token, request);
    response.status(204).end();
  });
}

function read<S extends z.ZodType>(schema: S, request: Request): z.output<S> {
  return parseStorable(schema, jsonOf(request.body), true);
}

function jsonOf(body: unknown): unknown {
  try {
    return JSON.parse(typeof body === 'string' ? body : '');
  } catch {
    throw new Problem('malformed_json');
  }
}

/** Also where nobody has it: whoever wants no notifications has none then. */
async function forget(deps: SiteDeps, channel: DeviceChannel, address: string, request: Request): Promise<void> {
  const { db, clock, relay } = deps;
  const source = channel === 'web_push' ? 'browser' : 'app';
  const said = { source, ip: request.ip ?? null, at: clock.now() };
  void relay.push(await forgetDevice(db, { channel, address }, said, rulesOf(deps)));
}

function browserOf(
  { endpoint, keys }: { endpoint: string; keys: { p256dh: string; auth: string } },
  request: Request,
): NewDevice {
  return { channel: 'web_push', address: endpoint, keys, userAgent: agentOf(request) };
}

function agentOf(request: Request): string | null {
  return request.get('user-agent')?.slice(0, 500) ?? null;
}

function sendScript({ text, etag }: Script, cacheControl: string): RequestHandler {
  return (request, response) => {
    response.set({ ETag: etag, 'Cache-Control': cacheControl, 'X-Content-Type-Options': 'nosniff' });
    response.set({ 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' });
    if (request.get('if-none-match') === etag) response.status(304).end();
    else response.type('text/javascript').send(text);
  };
}

function sendKey({ webPush }: SiteDeps, response: Response): void {
  if (!webPush) throw new Problem('push_unavailable');
  response.set('Cache-Control', 'no-cache').json({ publicKey: webPush.publicKey });
}
