import { describe, expect, test } from 'vitest';
import { freshDatabase } from '#test/support/database.ts';
import { testGateway } from './support.ts';

const { call } = await testGateway(await freshDatabase());

const kettle = {
  id: 'kettle',
  sku: 'K-1',
  name: 'Kettle',
  url: 'https://shop.example/kettle',
  category: 'Kitchen',
  offers: [
    { price: { amount: 2_499_00, currency: 'RUB' }, oldPrice: { amount: 2_999_00, currency: 'RUB' }, stock: 7 },
    { region: 'msk', price: { amount: 2_399_00, currency: 'RUB' }, stock: 0 },
  ],
};
const put = (...items: unknown[]) => call('PUT', '/products', { items });

describe('PUT /products', () => {
  test('adds a product with regional offers, and replaces it', async () => {
    const first = await put(kettle);
    expect(first.status).toBe(200);
    expect(first.body.items).toEqual([{ index: 0, id: 'kettle', status: 'created' }]);
    const shown = (await call('GET', '/products/kettle')).body;
    expect(shown).toMatchObject({ id: 'kettle', sku: 'K-1', imageUrl: null, attributes: {} });
    expect(shown.offers).toMatchObject([
      {
        region: '*',
        price: { amount: 249900, currency: 'RUB' },
        oldPrice: { amount: 299900, currency: 'RUB' },
        stock: 7,
      },
      { region: 'msk', price: { amount: 239900, currency: 'RUB' }, oldPrice: null, stock: 0 },
    ]);

    const second = await put({
      ...kettle,
      name: 'Kettle 2',
      offers: [{ price: { amount: 1, currency: 'RUB' }, stock: 1 }],
    });
    expect(second.body.items).toEqual([{ index: 0, id: 'kettle', status: 'updated' }]);
    const replaced = (await call('GET', '/products/kettle')).body;
    expect(replaced.name).toBe('Kettle 2');
    expect(replaced.publishedAt).toBe(shown.publishedAt);
    expect(replaced.offers).toMatchObject([{ region: '*', price: { amount: 1 }, oldPrice: null, stock: 1 }]);
  });

  test('keeps the offers on record when none are given, and removes them when the list is empty', async () => {
    await put({ ...kettle, id: 'kept' });
    const { offers: _, ...bare } = kettle;
    await put({ ...bare, id: 'kept' });
    expect((await call('GET', '/products/kept')).body.offers).toHaveLength(2);
    await put({ ...bare, id: 'kept', offers: [] });
    expect((await call('GET', '/products/kept')).body.offers).toEqual([]);
  });

  test('keeps what is valid, whatever its neighbours are, and says what is wrong with those', async () => {
    const rub = (amount: number) => ({ amount, currency: 'RUB' });
    const answer = await put(
      { ...kettle, id: 'good-1' },
      { ...kettle, id: 'bad-price', offers: [{ price: rub(10), oldPrice: rub(5), stock: 1 }] },
      { ...kettle, id: 'bad-text', name: 'a\0b' },
      { ...kettle, id: 'bad-attributes', attributes: { deep: [{ half: '\ud800' }] } },
      'no object',
      { ...kettle, id: 'unknown-field', colour: 'red' },
      { ...kettle, id: 'year-0', publishedAt: '0000-01-01T00:00:00Z' },
      { ...kettle, id: 'too-deep', attributes: JSON.parse(`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`) },
      { ...kettle, id: 'good-2' },
    );
    expect(answer.status).toBe(200);
    expect(answer.body.items.map((item: { status: string }) => item.status)).toEqual([
      'created',
      'refused',
      'refused',
      'refused',
      'refused',
      'refused',
      'refused',
      'refused',
      'created',
    ]);
    const fields = answer.body.items.map((item: { errors?: { field: string }[] }) => item.errors?.[0]?.field);
    expect(fields).toEqual([
      undefined,
      'items.1.offers.0.oldPrice.amount',
      'items.2.name',
      'items.3.attributes.deep.0.half',
      'items.4',
      'items.5.colour',
      'items.6.publishedAt',
      expect.stringMatching(/^items\.7\.attributes\.a\.a/),
      undefined,
    ]);
    expect((await call('GET', '/products/good-2')).status).toBe(200);
    expect((await call('GET', '/products/bad-text')).body.code).toBe('product_not_found');
  });

  test('keeps the later of two items with one id', async () => {
    const answer = await put({ ...kettle, id: 'twice', name: 'First' }, { ...kettle, id: 'twice', name: 'Second' });
    expect(answer.body.items).toHaveLength(2);
    expect((await call('GET', '/products/twice')).body.name).toBe('Second');
  });

  test('takes a thousand, and not one more', async () => {
    const many = Array.from({ length: 1001 }, (_, index) => ({ ...kettle, id: `many-${index}` }));
    expect((await put(...many)).body).toMatchObject({ code: 'invalid_request', errors: [{ field: 'items' }] });
    expect((await put(...many.slice(1))).body.items).toHaveLength(1000);
  });

  test('two callers who write the same products in other orders both get through', async () => {
    const items = Array.from({ length: 200 }, (_, index) => ({ ...kettle, id: `race-${index}` }));
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => put(...(index % 2 ? items : items.toReversed()))),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array(8).fill(200));
  });
});

describe('GET /products', () => {
  test('pages through a category without a gap', async () => {
    await put(...['a', 'b', 'c', 'd', 'e'].map((id) => ({ ...kettle, id: `page-${id}`, category: 'Paged' })));
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await call('GET', `/products?category=Paged&limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.items.map((item: { id: string }) => item.id));
      cursor = body.next;
    }
    expect(seen).toEqual(['page-a', 'page-b', 'page-c', 'page-d', 'page-e']);
  });

  test('refuses a cursor that is not ours, and a limit out of range', async () => {
    expect((await call('GET', '/products?cursor=abc')).body.code).toBe('invalid_cursor');
    expect((await call('GET', '/products?limit=0')).body).toMatchObject({ status: 400, errors: [{ field: 'limit' }] });
  });
});
