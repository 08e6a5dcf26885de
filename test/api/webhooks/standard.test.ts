import { createHmac, randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { webhookGateway } from './support.ts';

const gateway = await webhookGateway();
const { customer, cart, stored } = gateway;
let secret = '';
beforeAll(async () => {
  secret = (await gateway.addSecret('standard')).secret;
});

const seconds = () => Math.floor(Date.now() / 1000);

function signature(id: string, timestamp: number | string, text: string, by = secret): string {
  const key = Buffer.from(by.replace('whsec_', ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${text}`).digest('base64')}`;
}

interface Sending {
  id?: string;
  timestamp?: number | string;
  signatures?: string;
}

function send(body: unknown, { id = randomUUID(), timestamp = seconds(), signatures }: Sending = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return gateway.post('standard', text, {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures ?? signature(id, timestamp, text),
  });
}

const added = (userId: string, more: object = {}) => ({
  ...{ type: 'track', event: 'Product Added', userId, properties: { product_id: 'p1', quantity: 2 } },
  ...more,
});

test("the example of the scheme's specification is signed as we check it", () => {
  const [id, timestamp, text] = ['msg_p5jXN8AQM9LWM0D4loKWxJek', '1614265330', '{"test": 2432232314}'];
  const known = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  expect(signature(id ?? '', timestamp ?? '', text ?? '', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')).toBe(known);
});

describe('one of our events', () => {
  test('is stored under its webhook id, and once however often it comes', async () => {
    const [userId, id] = [randomUUID(), randomUUID()];
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(added(userId, { messageId: 'x' }), { id })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(await stored(id)).toMatchObject([{ name: 'Product Added', type: 'track' }]);
    expect(await cart(await customer('user_id', userId))).toEqual([{ product_id: 'p1', quantity: 2 }]);
  });

  test('happened when it says, not when it came', async () => {
    const id = randomUUID();
    const timestamp = new Date(Date.now() - 3_600_000).toISOString();
    await send(added(randomUUID(), { timestamp }), { id });
    const [event] = await stored(id);
    const off = (event?.occurred_at.getTime() ?? 0) - Date.parse(timestamp);
    expect(Math.abs(off)).toBeLessThan(5_000);
  });

  test('that can never be taken is told with what is wrong', async () => {
    expect((await send({ type: 'track', userId: 'u' })).body).toMatchObject({
      ...{ status: 400, code: 'event_refused' },
      detail: expect.stringContaining('event must be a name'),
    });
    expect((await send({ type: 'order.paid', data: {} })).body.code).toBe('event_refused');
    expect((await send(added('u', { text: 'x'.repeat(33_000) }))).body.detail).toContain('32 KB');
    expect((await send('no json')).body).toMatchObject({ status: 400, code: 'malformed_json' });
    expect((await send('[]')).status).toBe(400);
  });
});

describe('signatures', () => {
  test('one right one among several will do, of any secret that is kept', async () => {
    const next = await gateway.addSecret('standard');
    const body = JSON.stringify(added(randomUUID()));
    const id = randomUUID();
    const timestamp = seconds();
    const right = signature(id, timestamp, body, next.secret);
    const several = `v1,${'A'.repeat(43)}= v1a,whatever ${right}`;
    expect((await send(body, { id, timestamp, signatures: several })).status).toBe(200);
    for (const signatures of ['', right.replace('v1,', ''), right.replace('v1,', 'v2,'), `v1,${'A'.repeat(43)}=`]) {
      expect((await send(body, { id, timestamp, signatures })).body.code).toBe('wrong_signature');
    }
  });

  test('cover id and time as well as the body', async () => {
    const body = JSON.stringify(added(randomUUID()));
    const [id, timestamp] = [randomUUID(), seconds()];
    const signatures = signature(id, timestamp, body);
    expect((await send(body, { id: randomUUID(), timestamp, signatures })).body.code).toBe('wrong_signature');
    expect((await send(body, { id, timestamp: timestamp + 1, signatures })).body.code).toBe('wrong_signature');
    expect((await send(`${body} `, { id, timestamp, signatures })).body.code).toBe('wrong_signature');
    expect((await send(body, { timestamp: 'soon' })).body.code).toBe('wrong_signature');
  });

  test('hold for 300 seconds either way', async () => {
    for (const off of [-290, 290]) expect((await send(added('t'), { timestamp: seconds() + off })).status).toBe(200);
    for (const off of [-310, 310]) {
      const answer = await send(added('t'), { timestamp: seconds() + off });
      expect(answer.body).toMatchObject({ status: 401, code: 'stale_signature' });
    }
  });
});
