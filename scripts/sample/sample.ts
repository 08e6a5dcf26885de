import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Response, Router } from 'express';
import type { Db } from '#db/connect.ts';
import { listProducts, type ProductInput, upsertProducts } from '#db/products.ts';
import { currentSettings, saveSettings } from '#db/settings.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { page } from './page.ts';
import { picture } from './picture.ts';

/** A line of catalogue.json. Prices in kopecks. */
interface Sample {
  id: string;
  name: string;
  nameRu: string;
  category: string;
  brand: string;
  publishedDaysAgo: number;
  offers: { region: string; price: number; oldPrice: number | null; stock: number }[];
}

const day = 86_400_000;
const catalogue: Sample[] = JSON.parse(readFileSync(join(import.meta.dirname, 'catalogue.json'), 'utf8'));
const author = 'npm start';

/** Fills an empty catalogue, and sees that what it has filled before leads to where the gateway is now. */
export async function loadSample(db: Db, sample: 'none' | 'small', gateway: string, at: Date): Promise<void> {
  const base = `${gateway}/sample`;
  if (sample === 'small' && (await listProducts(db, {}, '', 1)).length === 0) {
    await upsertProducts(
      db,
      catalogue.map((item) => toProduct(item, base, at)),
      at,
    );
    await pointShop(db, base, at);
    return;
  }
  const kept = await listProducts(db, { ids: catalogue.map(({ id }) => id) }, '', catalogue.length);
  const moved = kept.filter(({ url }) => isSample(url) && !url.startsWith(`${base}/`));
  if (moved.length === 0) return;
  const items = moved.map(({ offers: _kept, ...item }) => ({ ...item, ...addresses(item.id, base) }));
  await upsertProducts(db, items, at);
  await pointShop(db, base, at);
}

function toProduct(
  { id, name, nameRu, category, brand, publishedDaysAgo, offers }: Sample,
  base: string,
  at: Date,
): ProductInput {
  const money = (amount: number) => ({ amount, currency: 'RUB' });
  return {
    ...{ id, sku: id, name, category, brand },
    ...addresses(id, base),
    attributes: { nameRu },
    publishedAt: new Date(at.getTime() - publishedDaysAgo * day),
    offers: offers.map(({ region, price, oldPrice, stock }) => ({
      region,
      price: money(price),
      oldPrice: oldPrice === null ? null : money(oldPrice),
      stock,
    })),
  };
}

const addresses = (id: string, base: string) => ({ url: `${base}/p/${id}`, imageUrl: `${base}/p/${id}.png` });
const isSample = (url: string) => /^http:\/\/localhost:\d+\/sample\//.test(url);

/** The shop's own addresses, as long as nobody has set others than ours or the defaults. */
async function pointShop(db: Db, base: string, at: Date): Promise<void> {
  const saved = await currentSettings(db, 'shop');
  const shop = saved?.value as ShopSettings | undefined;
  if (!saved || !shop || !(isSample(`${shop.url}/`) || shop.url === 'https://shop.example')) return;
  const value = { ...shop, url: base, cartUrl: `${base}/cart`, categoryUrl: `${base}/c/{category}` };
  await saveSettings(db, 'shop', value, author, at, saved.version);
}

/** The pages that messages about the sample's goods lead to, and their pictures. */
export function sampleRouter(db: Db): Router {
  const router = Router();
  const pictures = new Map<string, Buffer>();
  router.get('/sample/p/:id.png', (request, response, next) => {
    const item = catalogue.find(({ id }) => id === request.params.id);
    if (!item) return next();
    const png = pictures.get(item.id) ?? picture(item.id, item.category);
    pictures.set(item.id, png);
    response.set('Cache-Control', 'public, max-age=86400').type('png').send(png);
  });
  router.get('/sample/p/:id', async (request, response, next) => {
    const [product] = await listProducts(db, { ids: [request.params.id] }, '', 1);
    if (!product) return next();
    show(response, product.name, [product]);
  });
  router.get('/sample/c/:category', async (request, response) => {
    const { category } = request.params;
    show(response, category, await listProducts(db, { category }, '', 50));
  });
  router.get(['/sample', '/sample/cart'], async (_request, response) => {
    show(response, 'The sample shop', await listProducts(db, {}, '', 50));
  });
  return router;
}

function show(response: Response, title: string, products: Parameters<typeof page>[1]): void {
  response
    .set('Content-Security-Policy', "default-src 'none'; img-src 'self' http://localhost:*; style-src 'unsafe-inline'")
    .type('html')
    .send(page(title, products));
}
