import { expect, test } from 'vitest';
import { connect, createPool } from '#db/connect.ts';
import { workflowId } from '#domain/ids.ts';
import { customers } from '#test/support/customers.ts';
import { freshDatabase } from '#test/support/database.ts';
import type { Mail } from '#test/support/mail.ts';
import { billableActions, historyText } from '#test/support/read-history.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const database = await freshDatabase();
let statements = 0;
/** SQL statements of each message, from deciding to recording. */
const perMessage: number[] = [];
const counted = createPool(database.url);
counted.on('connect', (client) => {
  const query = client.query.bind(client);
  client.query = ((...args: Parameters<typeof query>) => {
    statements += 1;
    return query(...args);
  }) as typeof client.query;
});
const system = await startSystem(await timeSkipping(), {
  database,
  shop: { channels: ['email', 'sms', 'telegram'] },
  activities: {
    db: connect(counted),
    reached: (point) => {
      if (point === 'before_reserve') statements = 0;
      if (point === 'recorded') perMessage.push(statements);
    },
  },
});
const customer = customers(system);
const link = 'https://shop.example/reset/3f9a-secret-of-anna';
const reset = { template: 'password-reset', data: { link } };

async function post(body: object, key?: string) {
  await system.refresh();
  const answer = await system.call('POST', '/messages', body, key === undefined ? {} : { 'idempotency-key': key });
  await system.relayed();
  return answer;
}

async function taken(body: object, key?: string) {
  const { status, body: answer, text } = await post(body, key);
  expect(status, text).toBe(202);
  return answer;
}

/** What goes at once waits for no timer, so that skipping time does not wait for it. */
async function mailed(to: string, count: number): Promise<Mail[]> {
  await expect.poll(async () => (await system.inbox(to)).length).toBe(count);
  return system.inbox(to);
}
const ended = (id: string) =>
  expect
    .poll(async () => {
      const run = await system.db.selectFrom('runs').select('outcome').where('key', '=', id).executeTakeFirst();
      return run?.outcome;
    })
    .toBe('completed');

test('J16 a password link goes at once, to who may get no advertising, and its secret is nowhere afterwards', async () => {
  const anna = await customer({ firstName: 'Anna' });
  await system.track(anna.id, 'Unsubscribed');
  const { id, customerId } = await taken({ customerId: anna.customerId, ...reset });
  const [mail] = await mailed(anna.email, 1);
  expect(mail?.subject).toBe('Set a new password');
  expect(mail?.html).toContain(`href="${link}"`);
  expect(mail?.text).toContain(link);
  expect(mail?.headers['list-unsubscribe']).toBeUndefined();
  expect(mail?.text).not.toContain('/u/');
  await ended(id);
  const { body } = await system.call('GET', `/messages/${id}`);
  expect(body).toMatchObject({ id, customerId, journey: 'message', template: 'password-reset', state: 'accepted' });
  const list = await system.call('GET', `/messages?customerId=${customerId}`);
  expect(list.body.items.map((item: { id: string }) => item.id)).toEqual([id]);
  const [request, sent, exported] = await Promise.all([
    system.db.selectFrom('message_requests').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    system.db.selectFrom('messages').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    system.call('GET', `/customers/${customerId}/export`),
  ]);
  expect(request.data).toBeNull();
  expect(JSON.stringify([request, sent, exported.text])).not.toContain('secret-of-anna');
  const history = await system.environment.client.workflow
    .getHandle(workflowId('message', customerId, id))
    .fetchHistory();
  expect(historyText(history)).not.toContain('secret-of-anna');
  expect(billableActions(history)).toBeLessThanOrEqual(4);
  const ranks = (history.events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.priority?.priorityKey ?? [],
  );
  expect(new Set(ranks), 'service goes first').toEqual(new Set([1]));
  expect(perMessage[0]).toBeLessThanOrEqual(7);
});

test('a call that is repeated under its key sends once and gets the same answer; another body under it is refused', async () => {
  const email = 'idem@example.com';
  const first = await taken({ email, ...reset }, 'order-77');
  for (let time = 0; time < 2; time += 1) expect(await taken({ email, ...reset }, 'order-77')).toEqual(first);
  const other = await post({ email, ...reset, validFor: 'PT1H' }, 'order-77');
  expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_used']);
  expect((await taken({ email, ...reset }, 'order-78')).id).not.toBe(first.id);
  await mailed(email, 2);
  const keys = await system.db.selectFrom('idempotency_keys').select('body').execute();
  expect(new Set(keys.map(({ body }) => body.toString('hex'))).size).toBe(1);
});

test('thirty-two calls at once under one key are one message, also where nobody was known by the address', async () => {
  const email = 'at-once@example.com';
  const calls = Array.from({ length: 32 }, () =>
    system.call('POST', '/messages', { email, ...reset }, { 'idempotency-key': 'at-once' }),
  );
  const answers = await Promise.all(calls);
  await system.relayed();
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(answers[0]?.status).toBe(202);
  await mailed(email, 1);
  await ended(answers[0]?.body.id);
  const { body } = await system.call('GET', `/customers?email=${email}`);
  expect(body.items).toHaveLength(1);
  expect(await system.inbox(email)).toHaveLength(1);
});

test('who is known by nothing but the address becomes a customer without any consent', async () => {
  const { id, customerId } = await taken({ email: 'New.One@Example.com ', ...reset });
  await mailed('new.one@example.com', 1);
  await ended(id);
  const { body } = await system.call('GET', `/customers/${customerId}/consents`);
  expect(body.items).toEqual([]);
  const { body: found } = await system.call('GET', '/customers?email=new.one@example.com');
  expect(found.items.map((one: { id: string }) => one.id)).toEqual([customerId]);
});

test('a message goes to the address that was named, not to where the profile says', async () => {
  const dina = await customer({ phone: '+79161230001' });
  await system.identify(dina.id, { email: 'dina-new@example.com' });
  const old = await taken({ email: dina.email, ...reset });
  expect(old.customerId).toBe(dina.customerId);
  await mailed(dina.email, 1);
  await taken({ phone: '8 916 123-00-01', template: 'login-code', data: { code: '482 913' } });
  const [sms] = await mailed('+79161230001', 1);
  expect(sms?.text).toContain('482 913');
  expect(await system.inbox('dina-new@example.com')).toEqual([]);
});

test.each([
  ['no recipient', { ...reset }, 400, 'invalid_request', 'customerId'],
  ['two recipients', { email: 'a@example.com', userId: 'a', ...reset }, 400, 'invalid_request', 'customerId'],
  ['marketing', { email: 'a@example.com', ...reset, kind: 'marketing' }, 400, 'invalid_request', 'kind'],
  ['no such template', { email: 'a@example.com', template: 'no-such' }, 404, 'template_not_found', undefined],
  ['a missing variable', { email: 'a@example.com', template: 'password-reset' }, 422, 'template_data', 'data.link'],
  [
    'an unknown variable',
    { email: 'a@example.com', template: 'password-reset', data: { link, lnik: 1 } },
    422,
    'template_data',
    'data.lnik',
  ],
  [
    'a link that is none',
    { email: 'a@example.com', template: 'password-reset', data: { link: 'javascript:alert(1)' } },
    422,
    'template_data',
    'data.link',
  ],
  ['a channel without a text', { email: 'a@example.com', ...reset, channel: 'sms' }, 400, 'invalid_request', 'channel'],
  [
    'a channel without an address',
    { email: 'a@example.com', template: 'login-code', data: { code: '1' }, channel: 'sms' },
    422,
    'not_reachable',
    'channel',
  ],
  ['nobody of that id', { userId: 'nobody-at-all', ...reset }, 404, 'customer_not_found', undefined],
  ['too long a time', { email: 'a@example.com', ...reset, validFor: 'P31D' }, 400, 'invalid_request', 'validFor'],
])('%s is refused, by name', async (_what, body, status, code, field) => {
  const answer = await post(body);
  expect([answer.status, answer.body.code, answer.body.errors?.[0]?.field]).toEqual([status, code, field]);
  expect(
    await system.db.selectFrom('message_requests').select('id').where('address', '=', 'a@example.com').execute(),
  ).toEqual([]);
});

test('what is missing is called so', async () => {
  const said = async (template: string) => (await post({ email: 'a@example.com', template })).body.detail;
  expect(await said('password-reset')).toContain('data.link: is missing.');
  expect(await said('login-code')).toContain('data.code: is missing.');
  expect(await said('order-shipped')).toContain('data.order: is missing.');
});

test('an address that does not exist is told to the caller; one that bounces later shows why nothing came', async () => {
  const at = system.clock.now();
  const row = { channel: 'email', address: 'gone@example.com', reason: 'bounced', at };
  await system.db.insertInto('suppressions').values(row).execute();
  const { status, body } = await post({ email: 'gone@example.com', ...reset });
  expect([status, body.code, body.detail]).toEqual([422, 'not_reachable', expect.stringContaining('email: bounced')]);
});

test('a test of any journey’s message goes to whoever wants to see it, is marked, and counts nowhere', async () => {
  const at = system.clock.now();
  await system.stock({ id: 'lamp' }, { id: 'rug', category: 'Rugs' });
  const zoya = await customer({ firstName: 'Zoya' });
  await system.track(zoya.id, 'Product Added', { product_id: 'lamp' });
  const ask = (journey: string, body: object) => system.call('POST', `/journeys/${journey}/test`, body);
  const seen = await ask('abandonment', {
    message: 'cart-promo',
    email: 'marketer@shop.example',
    about: zoya.customerId,
  });
  expect(seen.status, seen.text).toBe(202);
  await ask('abandonment', { message: 'view-alternatives', email: 'marketer@shop.example', locale: 'ru' });
  await ask('order-confirmation', { message: 'order-shipped', email: 'marketer@shop.example' });
  await system.relayed();
  const mails = await mailed('marketer@shop.example', 3);
  for (const { subject } of mails) expect(subject).toMatch(/^\[Test\] /);
  expect(mails.map(({ text }) => text).join('\n')).toContain('TEST-CODE');
  expect(mails.map(({ text }) => text).join('\n')).toContain('Product lamp');
  await ended(seen.body.id);
  const { body } = await system.call('GET', `/messages/${seen.body.id}`);
  expect(body).toMatchObject({ journey: 'message', step: 'test', template: 'cart-promo', class: 'service' });
  const counted = system.db
    .selectFrom('messages')
    .select('counts')
    .where('block', '=', 'test')
    .where('reserved_at', '>=', at);
  expect((await counted.execute()).map(({ counts }) => counts)).toEqual([false, false, false]);
  const wrong = await ask('abandonment', { message: 'no-such', email: 'marketer@shop.example' });
  expect([wrong.status, wrong.body.errors[0].field]).toEqual([400, 'message']);
});

test.each([
  ['item-event', 'price-drop'],
  ['replenishment', 'running-out'],
  ['new-model', 'new-model'],
  ['at-risk', 'promo'],
])('a test of %s about a customer of whom it has nothing to tell shows a sample', async (journey, message) => {
  await system.stock({ id: 'lamp' }, { id: 'rug', category: 'Rugs' });
  const about = await customer();
  const email = `${journey}@shop.example`;
  const asked = { message, email, about: about.customerId };
  const { status, text } = await system.call('POST', `/journeys/${journey}/test`, asked);
  expect(status, text).toBe(202);
  await system.relayed();
  const [mail] = await mailed(email, 1);
  expect(mail?.subject).toMatch(/^\[Test\] /);
});

const locker = {
  variables: {
    pin: { type: 'text', example: '4821' },
    place: {
      type: 'object',
      optional: true,
      example: { name: 'Mall' },
      fields: { name: { type: 'text', example: 'Mall' } },
    },
  },
  texts: [
    {
      channel: 'email',
      locale: 'en',
      source:
        '---\nsubject: "{{data.pin}} opens your locker"\npreheader: "It opens by itself."\n---\n<mj-section><mj-column><mj-text>The code is {{data.pin}}.{{#if data.place}} Where: {{data.place.name}}.{{/if}}</mj-text></mj-column></mj-section>',
    },
    { channel: 'sms', locale: 'en', source: '{{shop.name}}: {{data.pin}} opens your locker' },
  ],
};

test('a shop adds a template of its own, looks at it, changes it, and sends what was checked', async () => {
  const put = (value: object, headers = {}) => system.call('PUT', '/templates/parcel-locker', value, headers);
  expect((await put(locker)).body).toMatchObject({ name: 'parcel-locker', version: 1 });
  const preview = await system.call('POST', '/templates/parcel-locker/preview', { channel: 'sms' });
  expect(preview.body.content).toMatchObject({ form: 'text', text: 'Vestnik Sample Shop: 4821 opens your locker' });
  const { id } = await taken({ email: 'locker@example.com', template: 'parcel-locker', data: { pin: '0001<b>' } });
  const [mail] = await mailed('locker@example.com', 1);
  expect(mail?.subject).toBe('0001<b> opens your locker');
  expect(mail?.html).toContain('0001&lt;b&gt;');
  expect(mail?.html).not.toContain('Where');
  await ended(id);
  const better = {
    ...locker,
    texts: locker.texts.map((text) => ({ ...text, source: text.source.replace('opens', 'unlocks') })),
  };
  expect((await put(better, { 'if-match': '"7"' })).status).toBe(412);
  expect((await put(better, { 'if-match': '"1"' })).body.version).toBe(2);
  expect((await system.call('GET', '/templates/parcel-locker?version=1')).body.texts[0].source).toContain('opens');
  const { body } = await system.call('GET', '/templates');
  expect(body.items.map(({ name, version }: { name: string; version: number }) => `${name} ${version}`)).toEqual(
    expect.arrayContaining(['parcel-locker 2', 'password-reset 0', 'order-shipped 0']),
  );
});

test.each([
  [
    'a name that the model does not have',
    '---\nsubject: "x"\npreheader: "y"\n---\n<mj-section><mj-column><mj-text>{{data.pinn}}</mj-text></mj-column></mj-section>',
    'pinn',
  ],
  [
    'a helper that is not there',
    '---\nsubject: "{{shout data.pin}}"\npreheader: "y"\n---\n<mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>',
    'shout',
  ],
  [
    'Handlebars that does not end',
    '---\nsubject: "x"\npreheader: "y"\n---\n<mj-section><mj-column><mj-text>{{#if data.pin}}</mj-text></mj-column></mj-section>',
    'Parse error',
  ],
  [
    'what is left unescaped',
    '---\nsubject: "x"\npreheader: "y"\n---\n<mj-section><mj-column><mj-text>{{{data.pin}}}</mj-text></mj-column></mj-section>',
    'must be escaped',
  ],
  ['no subject', '<mj-text>x</mj-text></mj-column></mj-section>', 'subject'],
  [
    'an optional variable taken for granted',
    '---\nsubject: "x"\npreheader: "y"\n---\n<mj-section><mj-column><mj-text>{{data.place.name}}</mj-text></mj-column></mj-section>',
    'name',
  ],
  ['a file of ours', '---\nsubject: "x"\npreheader: "y"\n---\n<mj-include path="/etc/passwd" type="html" />', ''],
])('a template with %s is refused, or does no harm', async (_what, source, said) => {
  const value = { ...locker, texts: [{ channel: 'email', locale: 'en', source }] };
  const { status, body } = await system.call('PUT', '/templates/faulty', value);
  if (said === '') {
    const preview = await system.call('POST', '/templates/faulty/preview', {});
    expect(preview.text).not.toContain('root:');
    return;
  }
  expect([status, body.code, body.errors?.[0]?.field]).toEqual([422, 'template_faulty', 'texts.0.source']);
  expect(body.errors[0].message).toContain(said);
});
