import { describe, expect, test } from 'vitest';
import { defaultPolicy } from '#domain/policy.ts';
import { defaultShop } from '#domain/shop.ts';
import { freshDatabase } from '#test/support/database.ts';
import { testGateway } from './support.ts';

const { call } = await testGateway(await freshDatabase());

describe('settings of a journey', () => {
  const path = '/journeys/abandonment/settings';

  test('are the defaults until somebody sets them, then versions', async () => {
    expect((await call('GET', path)).body).toMatchObject({ version: 0, author: null, value: { repeatAfter: 'P7D' } });
    const first = await call('PUT', path, { repeatAfter: 'P9D' });
    expect(first.body).toMatchObject({ version: 1, author: 'api:tests', value: { repeatAfter: 'P9D', enabled: true } });
    await call('PUT', path, { repeatAfter: 'P10D' });
    expect((await call('GET', path)).body).toMatchObject({ version: 2, value: { repeatAfter: 'P10D' } });
    expect((await call('GET', `${path}/versions/1`)).body.value.repeatAfter).toBe('P9D');
    const versions = (await call('GET', `${path}/versions?limit=1`)).body;
    expect(versions.items.map((row: { version: number }) => row.version)).toEqual([2]);
    const rest = (await call('GET', `${path}/versions?cursor=${versions.next}`)).body;
    expect(rest).toMatchObject({ items: [{ version: 1 }], next: null });
  });

  test('are refused with the name of every field that is wrong', async () => {
    const answer = await call('PUT', path, {
      branches: { cart: { idle: 'half an hour', steps: [{ message: 'no-such', after: 'PT0S' }] } },
      surprise: 1,
    });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body.errors).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ field: 'branches.cart.idle', pointer: '/branches/cart/idle' }),
        expect.objectContaining({ field: 'branches.cart.steps.0.message' }),
        expect.objectContaining({ field: 'surprise' }),
      ]),
    );
  });

  test('name only channels that a message has texts for, each at most once', async () => {
    const bySms = { channels: [{ channel: 'email' }, { channel: 'sms' }] };
    const answer = await call('PUT', '/journeys/opt-in/settings', { cascade: bySms });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toMatchObject([{ field: 'cascade.channels.1.channel' }]);
    expect((await call('PUT', path, { cascade: bySms })).status).toBe(200);
    const twice = { channels: [{ channel: 'sms' }, { channel: 'sms' }] };
    expect((await call('PUT', path, { cascade: twice })).body.errors).toMatchObject([
      { field: 'cascade.channels.1.channel' },
    ]);
  });

  test('of an unknown journey are not found', async () => {
    expect((await call('GET', '/journeys/nonsense/settings')).body.code).toBe('journey_not_found');
    expect((await call('GET', `${path}/versions/77`)).body.code).toBe('version_not_found');
  });
});

describe('two people at once', () => {
  test('If-Match lets only the first of them save', async () => {
    const path = '/settings/policy';
    const headers = { 'if-match': '"0"' };
    const answers = await Promise.all([1, 2, 3, 4].map(() => call('PUT', path, defaultPolicy, headers)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 412, 412, 412]);
    expect((await call('PUT', path, defaultPolicy, { 'if-match': 'yesterday' })).body.errors[0].field).toBe('If-Match');
  });

  test('without If-Match each gets a version', async () => {
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => call('PUT', '/settings/shop', defaultShop)));
    expect(answers.map((answer) => answer.body.version).sort()).toEqual([1, 2, 3, 4, 5]);
  });
});

test('the shop and the policy are checked', async () => {
  const shop = { ...defaultShop, zone: 'Mars/Olympus', quietHours: { from: '25:00', to: '09:00' } };
  const fields = (await call('PUT', '/settings/shop', shop)).body.errors.map((error: { field: string }) => error.field);
  expect(fields.sort()).toEqual(['quietHours.from', 'zone']);
  const rules = [{ ...defaultPolicy.rules[0], window: 'PT5H' }];
  expect((await call('PUT', '/settings/policy', { rules })).body.errors[0].field).toBe('rules.0.window');
});
