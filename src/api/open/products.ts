import { z } from 'zod';
import { type FieldError, Problem } from '#api/problems.ts';
import { findProduct, listProducts, type ProductInput, upsertProducts } from '#db/products.ts';
import { decodeCursor, page, textCursor } from './cursor.ts';
import { route } from './route.ts';
import { paging } from './schemas/common.ts';
import { product, productInput, productList, productsInput, putResults } from './schemas/products.ts';
import { fieldError, fieldErrors, unstorable } from './validate.ts';

const id = z.string().min(1).max(200);

const list = route({
  method: 'get',
  path: '/products',
  tag: 'Catalogue',
  summary: 'Products with their regional offers, by id',
  query: z.strictObject({ ...paging, category: z.string().max(500).optional(), sku: z.string().max(200).optional() }),
  answer: productList,
  problems: ['invalid_cursor'],
  async handle({ query: { limit, cursor, category, sku }, deps }) {
    const after = decodeCursor(cursor, textCursor)?.[0] ?? '';
    const filter = { ...(category !== undefined && { category }), ...(sku !== undefined && { sku }) };
    return page(await listProducts(deps.db, filter, after, limit + 1), limit, (row) => [row.id]);
  },
});

const get = route({
  method: 'get',
  path: '/products/{id}',
  tag: 'Catalogue',
  summary: 'One product',
  params: z.object({ id }),
  answer: product,
  problems: ['product_not_found'],
  async handle({ params, deps }) {
    const found = await findProduct(deps.db, params.id);
    if (!found) throw new Problem('product_not_found');
    return found;
  },
});

const put = route({
  method: 'put',
  path: '/products',
  tag: 'Catalogue',
  summary: 'Adds or replaces up to 1,000 products',
  description:
    'Each item is answered on its own, in order: what is valid is kept whatever its neighbours are. ' +
    'Of two items with one id the later is kept.',
  body: z.strictObject({ items: z.array(z.unknown()).min(1).max(1000) }),
  bodyInDocument: productsInput,
  answer: putResults,
  example: {
    items: [
      {
        id: 'kettle-1',
        name: 'Kettle',
        url: 'https://shop.example/kettle-1',
        category: 'Kitchen',
        offers: [
          { price: { amount: 249900, currency: 'RUB' }, oldPrice: { amount: 299900, currency: 'RUB' }, stock: 7 },
        ],
      },
    ],
  },
  async handle({ body, deps }) {
    const checked = body.items.map(check);
    const latest = new Map(checked.flatMap((item) => ('product' in item ? [[item.product.id, item.product]] : [])));
    const created = await upsertProducts(deps.db, [...latest.values()], deps.clock.now());
    return { items: checked.map((item, index) => ({ index, ...result(item, created) })) };
  },
});

type Checked = { product: ProductInput } | { id: string | null; errors: FieldError[] };

function check(item: unknown, index: number): Checked {
  const where = ['items', index];
  const bad = unstorable(item);
  if (bad) return { id: idOf(item), errors: [fieldError([...where, ...bad.path], bad.message, true)] };
  const parsed = productInput.safeParse(item);
  if (!parsed.success) return { id: idOf(item), errors: fieldErrors(parsed.error, true, where) };
  const { publishedAt, offers, ...rest } = parsed.data;
  return { product: { ...rest, ...(publishedAt && { publishedAt }), ...(offers && { offers }) } };
}

/** The id as it was sent, so that its sender can tell which one was refused. */
function idOf(item: unknown): string | null {
  const given = typeof item === 'object' && item !== null && 'id' in item ? item.id : null;
  return typeof given === 'string' ? given.slice(0, 200) : null;
}

function result(item: Checked, created: ReadonlySet<string>) {
  if ('errors' in item) return { id: item.id, status: 'refused' as const, errors: item.errors };
  return { id: item.product.id, status: created.has(item.product.id) ? ('created' as const) : ('updated' as const) };
}

export const productRoutes = [list, get, put];
