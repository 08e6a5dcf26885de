import { describe, expect, it } from 'vitest';
import { upsertProducts } from '#db/products.ts';
import { freshDatabase } from '#test/support/database.ts';
import { testGateway } from './support.ts';

const database = await freshDatabase();
const at = new Date('2026-01-01T00:00:00Z');
const goods = (id: string, category: string, stock: number) => ({
  ...{ id, sku: null, name: `<${id}>`, url: `https://shop.example/${id}`, imageUrl: null, category, brand: null },
  attributes: {},
  offers: [{ region: '*', price: { amount: 100, currency: 'RUB' }, oldPrice: null, stock }],
});
await upsertProducts(database.db, [goods('a', 'x', 0), goods('b', 'x', 1), goods('c', 'x', 1), goods('d', 'y', 1)], at);

const development = await testGateway(database, {
  writeKey: 'vsw_development',
  links: { temporalUi: 'http://localhost:8233', inbox: '/dev/inbox' },
  temporal: { healthy: async () => false },
});

describe('the start page', () => {
  it('on a development machine offers a sample cart of goods in stock, and says what does not answer', async () => {
    const { text, headers } = await development.request('/');
    expect(headers.get('content-type')).toMatch(/^text\/html/);
    expect(text).toContain('vsw_development');
    expect(text).toContain('[&quot;b&quot;,&quot;d&quot;]');
    expect(text).toContain('&lt;b&gt;');
    expect(text).toMatch(/Temporal<\/dt><dd><span class="down">does not answer/);
    expect(text).toMatch(/PostgreSQL<\/dt><dd><span class="up">up<\/span> \d+/);
  });

  it('loads what it names, under a policy that allows nothing else', async () => {
    const { text, headers } = await development.request('/');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const [, path] of text.matchAll(/(?:src|href)="(\/start\.[a-z]+)"/g))
      expect((await development.request(path ?? '')).status).toBe(200);
    expect(text).not.toMatch(/<style|style="|<script>|onclick/);
  });

  it('elsewhere shows neither key nor versions', async () => {
    await database.db.deleteFrom('api_keys').execute();
    const { text } = await (await testGateway(database)).request('/');
    expect(text).not.toMatch(/vsw_|<form|on Node/);
    expect(text).toMatch(/PostgreSQL<\/dt><dd><span class="up">up<\/span> <\/dd>/);
  });
});
