import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Request, type Response, Router } from 'express';
import type { Store } from './store.ts';

const page = (name: string) => readFileSync(join(import.meta.dirname, 'page', name), 'utf8');

/** The page runs only its own script; a message runs none, and is boxed in even when opened by itself. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'";
const messagePolicy =
  "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src * data:; style-src 'unsafe-inline'; font-src *";

/** Messages have no business in any cache: the next data folder may give the same address to another. */
function send(response: Response, type: string, body: string | Buffer, policy = "default-src 'none'; sandbox"): void {
  response.set({ 'Content-Type': type, 'Content-Security-Policy': policy, 'Cache-Control': 'no-cache' }).send(body);
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function queryOf({ query }: Request) {
  const limit = Number(text(query.limit)) || 100;
  const wanted = { to: text(query.to), channel: text(query.channel), search: text(query.search) };
  return { ...wanted, limit: Math.min(Math.max(1, Math.trunc(limit)), 1000) };
}

export function inboxRouter(store: Store): Router {
  const router = Router();
  const files = { html: page('page.html'), js: page('page.js'), css: page('page.css') };
  router.get('/dev/inbox', (_request, response) => send(response, 'text/html; charset=utf-8', files.html, pagePolicy));
  router.get('/dev/inbox/page.js', (_request, response) => send(response, 'text/javascript; charset=utf-8', files.js));
  router.get('/dev/inbox/page.css', (_request, response) => send(response, 'text/css; charset=utf-8', files.css));

  router.get('/dev/inbox.json', async (request, response) => {
    const { total, items } = await store.list(queryOf(request));
    const whole = request.query.bodies === 'no' ? items : await Promise.all(items.map(({ id }) => store.item(id)));
    response.set('Cache-Control', 'no-cache').json({ total, items: whole.filter((one) => one !== null) });
  });

  router.get('/dev/inbox/:id/:part', async (request, response, next) => {
    const { id, part } = request.params;
    const [item, source] = await Promise.all([store.item(id), part === 'source' ? store.source(id) : null]);
    if (!item) return next();
    if (part === 'html') return send(response, 'text/html; charset=utf-8', inNewTabs(item.html ?? ''), messagePolicy);
    if (part === 'text') return send(response, 'text/plain; charset=utf-8', item.text ?? '');
    if (part === 'source' && source) return send(response, 'text/plain; charset=utf-8', source);
    if (part === 'item.json') return void response.set('Cache-Control', 'no-cache').json(item);
    next();
  });
  return router;
}

/** Links of a message open beside the inbox, as in a mail client. */
function inNewTabs(html: string): string {
  return html.replace(/<head>/i, (head) => `${head}<base target="_blank">`);
}
