import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Response, Router } from 'express';
import { databaseVersion } from '#db/health.ts';
import { listProducts, type Product } from '#db/products.ts';
import type { ApiDeps } from './deps.ts';
import { type Part, startPage } from './start/page.ts';

type StartDeps = Pick<ApiDeps, 'db' | 'clock' | 'temporal' | 'links' | 'writeKey'>;

const file = (name: string) => readFileSync(join(import.meta.dirname, 'start', name), 'utf8');
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `/`: what runs and where to look. On a development machine also a sample cart to leave behind; elsewhere, where
 *  anybody may come by, no versions and no key. */
export function startPageRouter(deps: StartDeps): Router {
  const router = Router();
  const files = { css: file('page.css'), js: file('page.js') };
  router.get('/', async (_request, response) => {
    const [parts, goods] = await Promise.all([partsOf(deps), deps.writeKey ? sampleGoods(deps) : []]);
    const { links, writeKey, clock } = deps;
    send(response, 'html', startPage({ parts, links, goods, writeKey: writeKey ?? null, scale: clock.time.scale }));
  });
  router.get('/start.css', (_request, response) => send(response, 'css', files.css));
  router.get('/start.js', (_request, response) => send(response, 'js', files.js));
  return router;
}

function send(response: Response, type: string, body: string): void {
  response
    .set({ 'Content-Security-Policy': policy, 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff' })
    .set('Referrer-Policy', 'no-referrer')
    .type(type)
    .send(body);
}

async function partsOf({ db, temporal, writeKey }: StartDeps): Promise<Part[]> {
  const parts = await Promise.all([
    part('PostgreSQL', () => databaseVersion(db)),
    part('Temporal', async () => {
      if (!(await temporal.healthy())) throw new Error('Temporal does not answer');
      return (await temporal.version?.()) ?? '';
    }),
  ]);
  const all = [{ name: 'Gateway', isUp: true, version: `on Node ${process.versions.node}` }, ...parts];
  return writeKey ? all : all.map((one) => ({ ...one, version: '' }));
}

async function part(name: string, version: () => Promise<string>): Promise<Part> {
  try {
    return { name, isUp: true, version: await version() };
  } catch {
    return { name, isUp: false, version: '' };
  }
}

/** Two goods of different categories that can be bought everywhere, to be left in a cart. */
async function sampleGoods({ db }: StartDeps): Promise<Product[]> {
  const products = await listProducts(db, {}, '', 50).catch(() => []);
  const buyable = products.filter(({ offers }) => offers.some(({ region, stock }) => region === '*' && stock > 0));
  const firsts = buyable.filter(
    (one, index) => buyable.findIndex(({ category }) => category === one.category) === index,
  );
  return firsts.slice(0, 2);
}
