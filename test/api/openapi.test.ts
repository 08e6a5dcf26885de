import { randomUUID } from 'node:crypto';
import type { Router } from 'express';
import { describe, expect, test } from 'vitest';
import { mindboxRouter } from '#api/mindbox/router.ts';
import { openApiDocument } from '#api/open/document.ts';
import { expressPath, openApiRouter } from '#api/open/router.ts';
import { routes } from '#api/open/routes.ts';
import { problems } from '#api/problems.ts';
import { segmentRouter } from '#api/segment/router.ts';
import { webhooksRouter } from '#api/webhooks/router.ts';
import { refreshMetrics } from '#db/metrics/refresh.ts';
import { defaultLtv } from '#domain/ltv.ts';
import type { JourneyPort } from '#relay/port.ts';
import { freshDatabase } from '#test/support/database.ts';
import { seed } from './seed.ts';
import { type Answer, testGateway } from './support.ts';

/** Journeys that answer whoever asks. */
function answering(answer: unknown): JourneyPort {
  return {
    signalWithStart: async () => {},
    signal: async () => true,
    updateWithStart: async <T>() => answer as T,
    query: async () => null,
    describe: async () => null,
    cancel: async () => false,
    terminate: async () => false,
  };
}

const database = await freshDatabase();
const { call, request, deps } = await testGateway(database, {
  journeys: answering({ result: 'ok', position: 1, state: 'out', until: null }),
  telegram: {
    webhookSecret: null,
    handle: async () => {},
    link: async () => ({ url: 'https://t.me/sample_shop_bot?start=token', expiresAt: new Date() }),
  },
});
const seeded = await seed(database.db);
const document = openApiDocument();
const documented = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
  Object.keys(item).map((method) => `${method} ${expressPath(path)}`),
);

/** Methods and paths that a router answers; `all` is where other methods are told off. */
function routesOf(router: Router, prefix = ''): string[] {
  return router.stack.flatMap(({ route }) => {
    const methods = [...new Set(route?.stack.map((layer) => layer.method))].filter(Boolean);
    return methods.map((method) => `${method} ${prefix}${route?.path}`);
  });
}

describe('the document', () => {
  test('has every route of the app, and none that is not there', () => {
    const own = [segmentRouter(deps), webhooksRouter(deps), mindboxRouter(deps)].flatMap((router) => routesOf(router));
    const real = [...routesOf(openApiRouter(deps), '/api/v1'), ...own];
    expect(documented.toSorted()).toEqual(real.toSorted());
    expect(documented.length).toBeGreaterThan(30);
  });

  test('is served, is 3.1, and all its references lead somewhere', async () => {
    const { body } = await request('/openapi.json');
    expect(body).toEqual(JSON.parse(JSON.stringify(document)));
    expect(body.openapi).toBe('3.1.0');
    const references = JSON.stringify(body).match(/#\/components\/schemas\/\w+/g) ?? [];
    for (const name of new Set(references.map((text) => text.split('/').at(-1) ?? ''))) {
      expect(body.components.schemas).toHaveProperty(name);
    }
  });

  test('says for every route who may call it and how it fails', () => {
    for (const item of Object.values(document.paths ?? {})) {
      for (const operation of Object.values(item)) {
        expect(operation).toMatchObject({ summary: expect.any(String), security: [expect.any(Object)] });
        expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401']));
      }
    }
  });
});

/** A real request for every route; what it answers must be exactly what the document says. */
const product = { id: 'kettle', name: 'Kettle', url: 'https://shop.example/kettle', imageUrl: null };
const price = { amount: 100, currency: 'RUB' };
const withOffers = {
  ...product,
  offers: [
    { price, oldPrice: { ...price, amount: 200 }, stock: 1 },
    { region: 'msk', price, stock: 0 },
  ],
};
const { customer, messages } = seeded;
const shop = (await call('GET', '/settings/shop')).body.value;
const policy = (await call('GET', '/settings/policy')).body.value;
const kept = { conflict: '', segment: '', list: '', source: '', key: '', secret: '', promo: '', endpoint: '' };

const requests: Record<string, () => Promise<Answer>> = {
  'put /products': () =>
    call('PUT', '/products', {
      items: [withOffers, { ...withOffers, id: 'lamp', offers: [{ price, stock: 1 }] }, { id: 'bad' }],
    }),
  'get /products': () => call('GET', '/products'),
  'get /customers/{id}/recommendations': () =>
    call('GET', `/customers/${customer}/recommendations?from=similar,random`),
  'get /novelties': () => call('GET', '/novelties?region=north&registered=true'),
  'get /products/{id}': () => call('GET', '/products/kettle'),
  'get /customers': () => call('GET', '/customers'),
  'get /customers/{id}': () => call('GET', `/customers/${seeded.merged}`),
  'get /conflicts': async () => {
    const [id, other] = [randomUUID(), randomUUID()];
    kept.conflict = id;
    const now = new Date();
    await database.db.insertInto('customers').values({ id: other, created_at: now, last_seen_at: now }).execute();
    const about = { kind: 'phone', value: '+79160000000', reason: 'both_have_orders' };
    const conflict = { id, at: now, holder_id: customer, claimant_id: other, ...about };
    await database.db.insertInto('identity_conflicts').values(conflict).execute();
    return call('GET', '/conflicts');
  },
  'post /conflicts/{id}/decision': () =>
    call('POST', `/conflicts/${kept.conflict}/decision`, { decision: 'keep_apart' }),
  'get /customers/{id}/timeline': () => call('GET', `/customers/${customer}/timeline`),
  'put /customers': () => call('PUT', '/customers', { items: [{ userId: 'documented' }, {}] }),
  'put /orders': () =>
    call('PUT', '/orders', { items: [{ orderId: 'documented', userId: 'documented', total: price }, {}] }),
  'post /customers/{id}/consents': () =>
    call('POST', `/customers/${customer}/consents`, { source: 'checkout', words: [{ state: 'granted' }] }),
  'get /customers/{id}/consents': () => call('GET', `/customers/${customer}/consents`),
  'get /customers/{id}/export': () => call('GET', `/customers/${customer}/export`),
  'get /exports/{table}': async () => {
    const answer = await call('GET', '/exports/messages');
    return { ...answer, body: JSON.parse(answer.text.slice(0, answer.text.indexOf('\n'))) };
  },
  'put /customers/{id}/devices': () =>
    call('PUT', `/customers/${customer}/devices`, { items: [{ channel: 'app_push', token: 'token-of-a-phone' }, {}] }),
  'get /customers/{id}/devices': () => call('GET', `/customers/${customer}/devices`),
  'post /customers/{id}/telegram-link': () => call('POST', `/customers/${customer}/telegram-link`),
  'delete /customers/{id}': () => call('DELETE', `/customers/${seeded.spare}`),
  'get /customers/{id}/decisions': () => call('GET', `/customers/${customer}/decisions`),
  'get /customers/{id}/plan': () => call('GET', `/customers/${customer}/plan`),
  'get /customers/{id}/why': () => call('GET', `/customers/${customer}/why?journey=abandonment`),
  'get /customers/{id}/metrics': async () => {
    await refreshMetrics(database.db, deps.clock.now());
    return call('GET', `/customers/${customer}/metrics`);
  },
  'get /reports/rfm': () => call('GET', '/reports/rfm'),
  'get /reports/stages': () => call('GET', '/reports/stages?profile=corporate'),
  'get /reports/cohorts': () => call('GET', '/reports/cohorts'),
  'get /reports/ltv': () => call('GET', '/reports/ltv'),
  'get /reports/email-health': () => call('GET', '/reports/email-health?from=2026-01-01T00:00:00Z&by=message'),
  'get /reports/attribution': () => call('GET', '/reports/attribution?from=2026-01-01T00:00:00Z&by=message'),
  'post /segments': async () => {
    const list = await call('POST', '/segments', { name: 'documented list' });
    kept.list = list.body.id;
    const all = [{ where: 'stage', in: ['new'] }, { not: { where: 'reachable', channels: ['email'] } }];
    const answer = await call('POST', '/segments', { name: 'documented', condition: { all } });
    kept.segment = answer.body.id;
    return answer;
  },
  'get /segments': () => call('GET', '/segments'),
  'get /segments/{id}': () => call('GET', `/segments/${kept.segment}`),
  'put /segments/{id}': () =>
    call('PUT', `/segments/${kept.segment}`, { name: 'x', condition: { where: 'customer', kind: 'b2c' } }),
  'post /segments/size': () => call('POST', '/segments/size', { condition: { where: 'customer', kind: 'b2b' } }),
  'get /segments/{id}/members': () => call('GET', `/segments/${kept.segment}/members`),
  'get /segments/{id}/changes': () => call('GET', `/segments/${kept.segment}/changes`),
  'post /segments/{id}/members': () =>
    call('POST', `/segments/${kept.list}/members`, { items: [{ customerId: customer }, { userId: 'nobody' }] }),
  'delete /segments/{id}': () => call('DELETE', `/segments/${kept.segment}`),
  'get /forecast': () => call('GET', '/forecast'),
  'post /messages': () => {
    const data = { link: 'https://shop.example/reset/1' };
    return call('POST', '/messages', { customerId: customer, template: 'password-reset', data });
  },
  'post /journeys/{name}/test': () =>
    call('POST', '/journeys/abandonment/test', { message: 'cart-reminder', customerId: customer }),
  'put /templates/{name}': () => {
    const source = '---\nsubject: "{{data.pin}}"\npreheader: "A code"\n---\n<mj-section></mj-section>';
    const variables = { pin: { type: 'text', example: '4821' } };
    return call('PUT', '/templates/locker', { variables, texts: [{ channel: 'email', locale: 'en', source }] });
  },
  'get /templates': () => call('GET', '/templates'),
  'get /templates/{name}': () => call('GET', '/templates/locker'),
  'post /templates/{name}/preview': () => call('POST', '/templates/order-shipped/preview', { channel: 'telegram' }),
  'get /messages': () => call('GET', '/messages'),
  'get /messages/{id}': () => call('GET', `/messages/${messages[0]}`),
  'get /journeys': () => call('GET', '/journeys'),
  'get /journeys/{name}/stats': () => call('GET', '/journeys/abandonment/stats?from=2026-01-01T00:00:00Z'),
  'get /journeys/{name}/holes': () => call('GET', '/journeys/abandonment/holes'),
  'get /journeys/{name}/tails': () => call('GET', '/journeys/abandonment/tails?to=2027-01-01T00:00:00Z'),
  'put /journeys/{name}/settings': () => call('PUT', '/journeys/abandonment/settings', {}),
  'get /journeys/{name}/settings': () => call('GET', '/journeys/abandonment/settings'),
  'get /journeys/{name}/settings/versions': () => call('GET', '/journeys/abandonment/settings/versions'),
  'get /journeys/{name}/settings/versions/{version}': () => call('GET', '/journeys/abandonment/settings/versions/1'),
  'put /settings/shop': () => call('PUT', '/settings/shop', shop),
  'get /settings/shop': () => call('GET', '/settings/shop'),
  'get /settings/shop/versions': () => call('GET', '/settings/shop/versions'),
  'get /settings/shop/versions/{version}': () => call('GET', '/settings/shop/versions/1'),
  'put /settings/policy': () => call('PUT', '/settings/policy', policy),
  'get /settings/policy': () => call('GET', '/settings/policy'),
  'get /settings/policy/versions': () => call('GET', '/settings/policy/versions'),
  'get /settings/policy/versions/{version}': () => call('GET', '/settings/policy/versions/1'),
  'put /settings/recommendations': () => call('PUT', '/settings/recommendations', {}),
  'get /settings/recommendations': () => call('GET', '/settings/recommendations'),
  'get /settings/recommendations/versions': () => call('GET', '/settings/recommendations/versions'),
  'get /settings/recommendations/versions/{version}': () => call('GET', '/settings/recommendations/versions/1'),
  'put /settings/rfm': () => call('PUT', '/settings/rfm', {}),
  'get /settings/rfm': () => call('GET', '/settings/rfm'),
  'get /settings/rfm/versions': () => call('GET', '/settings/rfm/versions'),
  'get /settings/rfm/versions/{version}': () => call('GET', '/settings/rfm/versions/1'),
  'put /settings/stages': () => call('PUT', '/settings/stages', {}),
  'get /settings/stages': () => call('GET', '/settings/stages'),
  'get /settings/stages/versions': () => call('GET', '/settings/stages/versions'),
  'get /settings/stages/versions/{version}': () => call('GET', '/settings/stages/versions/1'),
  'put /settings/ltv': () => call('PUT', '/settings/ltv', defaultLtv),
  'get /settings/ltv': () => call('GET', '/settings/ltv'),
  'get /settings/ltv/versions': () => call('GET', '/settings/ltv/versions'),
  'get /settings/ltv/versions/{version}': () => call('GET', '/settings/ltv/versions/1'),
  'put /settings/email-health': () => call('PUT', '/settings/email-health', {}),
  'get /settings/email-health': () => call('GET', '/settings/email-health'),
  'get /settings/email-health/versions': () => call('GET', '/settings/email-health/versions'),
  'get /settings/email-health/versions/{version}': () => call('GET', '/settings/email-health/versions/1'),
  'put /settings/attribution': () => call('PUT', '/settings/attribution', {}),
  'get /settings/attribution': () => call('GET', '/settings/attribution'),
  'get /settings/attribution/versions': () => call('GET', '/settings/attribution/versions'),
  'get /settings/attribution/versions/{version}': () => call('GET', '/settings/attribution/versions/1'),
  'put /settings/mindbox': () => call('PUT', '/settings/mindbox', {}),
  'get /settings/mindbox': () => call('GET', '/settings/mindbox'),
  'get /settings/mindbox/versions': () => call('GET', '/settings/mindbox/versions'),
  'get /settings/mindbox/versions/{version}': () => call('GET', '/settings/mindbox/versions/1'),
  'post /sources': async () => {
    const answer = await call('POST', '/sources', { name: 'documented' });
    kept.source = answer.body.id;
    return answer;
  },
  'get /sources': () => call('GET', '/sources'),
  'delete /sources/{id}': () => call('DELETE', `/sources/${kept.source}`),
  'post /api-keys': async () => {
    const answer = await call('POST', '/api-keys', { name: 'documented' });
    kept.key = answer.body.id;
    return answer;
  },
  'get /api-keys': () => call('GET', '/api-keys'),
  'delete /api-keys/{id}': () => call('DELETE', `/api-keys/${kept.key}`),
  'post /promo-pools': async () => {
    const sizes = [
      { when: [{ field: 'orders', to: 0 }], percent: 10 },
      { name: 'more', amount: price },
    ];
    const body = { name: 'documented', sizes, expiry: { at: '2030-01-01T00:00:00+03:00' } };
    const answer = await call('POST', '/promo-pools', body);
    kept.promo = answer.body.id;
    return answer;
  },
  'put /promo-pools/{id}': () =>
    call('PUT', `/promo-pools/${kept.promo}`, {
      name: 'documented',
      sizes: [{ percent: 10 }, { name: 'more', amount: price }],
      expiry: { after: 'P1D' },
    }),
  'get /promo-pools': () => call('GET', '/promo-pools'),
  'post /promo-pools/{id}/codes': () =>
    call('POST', `/promo-pools/${kept.promo}/codes`, { items: [{ code: 'A-1' }, { code: 'A-2', size: 'more' }, {}] }),
  'get /promo-pools/{id}/codes': () => call('GET', `/promo-pools/${kept.promo}/codes`),
  'post /webhook-secrets': async () => {
    const answer = await call('POST', '/webhook-secrets', { source: 'shopify', name: 'documented' });
    kept.secret = answer.body.id;
    return answer;
  },
  'get /webhook-secrets': () => call('GET', '/webhook-secrets'),
  'delete /webhook-secrets/{id}': () => call('DELETE', `/webhook-secrets/${kept.secret}`),
  'post /webhook-endpoints': async () => {
    const answer = await call('POST', '/webhook-endpoints', { url: 'https://shop.example/hooks' });
    kept.endpoint = answer.body.id;
    return answer;
  },
  'get /webhook-endpoints': () => call('GET', '/webhook-endpoints'),
  'get /webhook-endpoints/{id}/deliveries': async () => {
    const delivery = {
      id: kept.endpoint,
      endpoint_id: kept.endpoint,
      event: 'hold.offered',
      payload: '{}',
      at: new Date(),
    };
    await database.db.insertInto('webhook_deliveries').values(delivery).execute();
    return call('GET', `/webhook-endpoints/${kept.endpoint}/deliveries`);
  },
  'delete /webhook-endpoints/{id}': () => call('DELETE', `/webhook-endpoints/${kept.endpoint}`),
  'post /items/{id}/queue': () => call('POST', '/items/kettle/queue', { customerId: customer }),
  'get /items/{id}': async () => {
    await database.db.insertInto('items').values({ id: 'kettle', places: 1 }).execute();
    const place = { id: randomUUID(), item_id: 'kettle', customer_id: customer, number: 1, joined_at: new Date() };
    await database.db.insertInto('queue_places').values(place).execute();
    return call('GET', '/items/kettle');
  },
  'get /items/{id}/queue': () => call('GET', '/items/kettle/queue'),
  'delete /items/{id}/queue/{customerId}': () => call('DELETE', `/items/kettle/queue/${customer}`),
};

describe('every answer is what its schema says, no field more or less', () => {
  test('each route is asked', () => {
    expect(Object.keys(requests).toSorted()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).toSorted());
  });

  test.each(Object.keys(requests))('%s', async (name) => {
    const route = routes.find(({ method, path }) => `${method} ${path}` === name);
    const answer = await requests[name]?.();
    expect(answer?.status).toBe(route?.status ?? 200);
    if (!route?.answer) return expect(answer?.text).toBe('');
    // A schema drops what it does not know, so what comes out is what came in only if nothing is undocumented.
    expect(route.answer.parse(answer?.body)).toEqual(answer?.body);
    if (answer?.body.items) expect(answer.body.items).not.toHaveLength(0);
  });
});

describe('the pages', () => {
  test('come from the gateway itself and run only its own scripts', async () => {
    const page = await request('/docs');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self';");
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) {
      expect(link).toMatch(/^\/docs\//);
      expect((await request(link)).status).toBe(200);
    }
  });

  test('explain every error code', async () => {
    const { text } = await request('/docs/errors');
    for (const code of Object.keys(problems)) expect(text).toContain(`id="${code}"`);
  });
});
