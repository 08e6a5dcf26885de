import { createHmac, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { saveSettings } from '#db/settings.ts';
import { defaultShop } from '#domain/shop.ts';
import { newRun } from './tracking/support.ts';
import { webhookGateway } from './webhooks/support.ts';

const gateway = await webhookGateway();
const { call, db, deps } = gateway;
const { secret } = await gateway.addSecret('standard');
const writeKey = (await call('POST', '/sources', { name: 'site' })).body.writeKey;
const relayed: { signal: string; reason: string; workflow_id: string }[] = [];
deps.relay.push = (rows) => void relayed.push(...rows);

const pause = () => new Promise((resolve) => setTimeout(resolve, 2));
const track = async (userId: string, event: string, properties: object = {}) => {
  await pause();
  const body = JSON.stringify({ writeKey, userId, event, properties, messageId: randomUUID() });
  expect((await gateway.request('/v1/track', { method: 'POST', body })).status).toBe(200);
};
const signedEvent = async (userId: string, properties: object) => {
  await pause();
  const text = JSON.stringify({ type: 'track', event: 'Consent Changed', userId, properties });
  const [id, at] = [randomUUID(), String(Math.floor(Date.now() / 1000))];
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${at}.${text}`).digest('base64');
  const headers = { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': `v1,${signature}` };
  expect((await gateway.post('standard', text, headers)).status).toBe(200);
};
const known = async (userId: string, phone?: string): Promise<string> => {
  await call('PUT', '/customers', { items: [{ userId, email: `${userId}@example.com`, ...(phone && { phone }) }] });
  return (await call('GET', `/customers?userId=${userId}`)).body.items[0].id;
};
const tell = async (id: string, words: object[], more: object = {}) => {
  await pause();
  const answer = await call('POST', `/customers/${id}/consents`, { source: 'account page', words, ...more });
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
};
const shop = (more: object) => saveSettings(db, 'shop', { ...defaultShop, ...more }, 'test', new Date());
const marketing = async (id: string, place = 0) =>
  (await call('GET', `/customers/${id}`)).body.reachability[place].marketing.reason;

test('two consents, each recorded apart, with text, source and address; where both are wanted, marketing waits for both', async () => {
  await shop({ personalDataConsent: 'required', consent: { email: 'explicit' } });
  const id = await known('anna');
  expect(await marketing(id)).toBe('no_consent');
  const proof = { source: 'checkout', ip: '203.0.113.7' };
  await tell(id, [{ channel: 'email', state: 'granted', textVersion: 'ads-2' }], proof);
  expect(await marketing(id)).toBe('no_personal_data_consent');
  const { states, pending } = await tell(
    id,
    [{ purpose: 'personal_data', state: 'granted', textVersion: 'privacy-3' }],
    proof,
  );
  expect(await marketing(id)).toBe(null);
  expect(pending).toEqual([]);
  expect(states).toMatchObject([
    { purpose: 'advertising', channel: 'email', topic: '*', state: 'granted' },
    { purpose: 'personal_data', channel: '*', topic: '*', state: 'granted' },
  ]);
  const first = (await call('GET', `/customers/${id}/consents?limit=1`)).body;
  expect(first.items).toMatchObject([
    { purpose: 'personal_data', state: 'granted', textVersion: 'privacy-3', source: 'checkout', ip: '203.0.113.7' },
  ]);
  const second = (await call('GET', `/customers/${id}/consents?limit=1&cursor=${first.next}`)).body;
  expect(second).toMatchObject({ items: [{ purpose: 'advertising', textVersion: 'ads-2' }], next: null });
  await tell(id, [{ purpose: 'personal_data', state: 'denied' }]);
  expect(await marketing(id)).toBe('no_personal_data_consent');
  await shop({});
});

test('the record only grows; a word of long ago changes nothing that was said since', async () => {
  const id = await known('boris');
  await tell(id, [{ channel: 'email', state: 'denied' }]);
  await tell(id, [{ channel: 'email', state: 'granted', at: '2020-01-01T00:00:00Z' }]);
  await tell(id, [{ channel: 'email', state: 'denied' }]);
  expect(await marketing(id)).toBe('unsubscribed');
  expect((await call('GET', `/customers/${id}/consents`)).body.items).toHaveLength(3);
});

test('a no to the topic, or to the last channel that is wanted, ends the run; a no to one of two does not', async () => {
  await shop({ channels: ['email', 'sms'] });
  const ends = async (userId: string, words: object[]) => {
    const id = await known(
      userId,
      `+7916${String(relayed.length).padStart(3, '0')}${String(Math.random()).slice(2, 6)}`,
    );
    await newRun(db, id, 'personal');
    relayed.length = 0;
    await tell(id, words);
    return relayed.map(({ signal, reason }) => `${signal} ${reason}`);
  };
  const topic = { topic: 'reminders', state: 'denied' };
  expect(await ends('topic', [topic])).toEqual(['exit unsubscribed']);
  expect(await ends('other-topic', [{ ...topic, topic: 'offers' }])).toEqual([]);
  expect(await ends('one-channel', [{ channel: 'email', state: 'denied' }])).toEqual([]);
  expect(
    await ends(
      'both',
      ['email', 'sms'].map((channel) => ({ channel, state: 'denied' })),
    ),
  ).toEqual(['exit unsubscribed']);
  await shop({});
});

test.each(['email', '*'])(
  'after a no (to %s), a yes by a write key waits; one that is signed for does not',
  async (channel) => {
    const userId = `regrant-${channel === '*' ? 'all' : channel}`;
    const id = await known(userId);
    await track(userId, 'Subscribed');
    expect(await marketing(id)).toBe(null);
    await tell(id, [{ channel, state: 'denied' }]);
    expect(await marketing(id)).toBe('unsubscribed');
    await track(userId, 'Consent Changed', { channel, state: 'granted' });
    expect(await marketing(id)).toBe('unconfirmed');
    await track(userId, 'Consent Changed', { channel, state: 'granted' });
    expect(await marketing(id)).toBe('unconfirmed');
    await signedEvent(userId, { channel, state: 'granted' });
    expect(await marketing(id)).toBe(null);
  },
);

test('who was erased after a no is not subscribed by a write key either', async () => {
  const id = await known('ghost');
  await track('ghost', 'Unsubscribed', { channel: 'email' });
  await call('DELETE', `/customers/${id}`);
  const again = await known('ghost');
  await track('ghost', 'Subscribed');
  expect(await marketing(again)).toBe('unconfirmed');
});

test('what is wrong is refused as a whole, with its field', async () => {
  const id = await known('wrong');
  const words = [{ state: 'granted' }, { state: 'perhaps' }];
  const answer = await call('POST', `/customers/${id}/consents`, { source: 'x', words });
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'words.1.state' }] } });
  expect((await call('GET', `/customers/${id}/consents`)).body.items).toEqual([]);
  for (const wrong of [
    { words: [{ state: 'granted' }] },
    { source: 'x', ip: 'here', words },
    { source: 'x', words: [] },
  ])
    expect((await call('POST', `/customers/${id}/consents`, wrong)).status).toBe(400);
  expect(
    await call('POST', `/customers/${randomUUID()}/consents`, { source: 'x', words: [{ state: 'denied' }] }),
  ).toMatchObject({ status: 404 });
});
