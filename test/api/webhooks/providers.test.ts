import { hash, randomUUID } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { afterAll, describe, expect, test } from 'vitest';
import type { OutboxRow } from '#db/outbox.ts';
import { scaledClock, toBusiness } from '#domain/clock.ts';
import { testGateway } from '#test/api/support.ts';
import { messageNow, newCustomer, newMessage, newRun } from '#test/api/tracking/support.ts';
import { mailgunBody, sendgridHeaders, sendgridKeys, svixHeaders } from '#test/channels/email/deliveries.ts';
import { freshDatabase } from '#test/support/database.ts';

const database = await freshDatabase();
const { db, pool } = database;
const relayed: OutboxRow[] = [];
const clock = scaledClock({ origin: 0, scale: 1 });
const relay = { push: (rows: OutboxRow[]) => void relayed.push(...rows) };
const { call, request, url } = await testGateway(database, { clock, relay });

async function addSecret(source: string, secret: string) {
  const answer = await call('POST', '/webhook-secrets', { source, name: randomUUID(), secret });
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body.id as string;
}

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  request(`/webhooks/${path}`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

async function letter(provider: string, change: Parameters<typeof newMessage>[2] = {}) {
  const customer = await newCustomer(db);
  const email = `${randomUUID()}@example.com`;
  const identity = { kind: 'email', value: email, customer_id: customer, since: clock.now() };
  await db.insertInto('identities').values(identity).execute();
  const at = clock.now();
  const times = { due_at: at, reserved_at: at, accepted_at: at };
  const { id } = await newMessage(db, customer, { address: email, provider, ...times, ...change });
  return { customer, email, id };
}

const suppressed = async (address: string) =>
  (await db.selectFrom('suppressions').select('reason').where('address', '=', address).executeTakeFirst())?.reason ??
  null;

const eventsOf = async (id: string) =>
  (await db.selectFrom('message_events').select('kind').where('message_id', '=', id).execute()).map(({ kind }) => kind);

await addSecret('postmark', 'a token of postmark');
const postmark = (body: object) => post('postmark?token=a%20token%20of%20postmark', body);

function bounceOf({ id, email }: { id: string; email: string }) {
  const about = {
    ID: randomUUID(),
    Type: 'HardBounce',
    Details: '550 5.1.1',
    Email: email,
    BouncedAt: new Date().toISOString(),
  };
  return { RecordType: 'Bounce', MessageID: randomUUID(), Metadata: { vestnik_id: id }, ...about };
}

function deliveryOf({ id, email }: { id: string; email: string }) {
  const DeliveredAt = new Date().toISOString();
  return {
    RecordType: 'Delivery',
    MessageID: randomUUID(),
    Metadata: { vestnik_id: id },
    Recipient: email,
    DeliveredAt,
  };
}

describe('what a provider tells comes into the ledger', () => {
  const keys = sendgridKeys();
  const secret = `whsec_${btoa('a secret of sixteen bytes or more')}`;
  const seconds = () => Math.floor(Date.now() / 1000);
  type Letter = { id: string; email: string };
  const ways: Record<string, { secret: string; bounce(letter: Letter): Promise<{ status: number }> }> = {
    sendgrid: {
      secret: keys.verificationKey,
      bounce: ({ id, email }) => {
        const about = { email, timestamp: seconds(), vestnik_id: id, sg_event_id: randomUUID() };
        const text = JSON.stringify([{ ...about, event: 'bounce', type: 'bounce', reason: '550 5.1.1' }]);
        return post('sendgrid', text, sendgridHeaders(text, keys.privateKey));
      },
    },
    mailgun: {
      secret: 'a key of mailgun',
      bounce: ({ id, email }) => {
        const why = { severity: 'permanent', reason: 'bounce', 'delivery-status': { code: 550, message: '5.1.1' } };
        const about = {
          id: randomUUID(),
          recipient: email,
          timestamp: Date.now() / 1000,
          'user-variables': { vestnik_id: id },
        };
        return post('mailgun', mailgunBody({ event: 'failed', ...why, ...about }, 'a key of mailgun'));
      },
    },
    resend: {
      secret,
      bounce: ({ id, email }) => {
        const data = {
          email_id: randomUUID(),
          to: [email],
          tags: { vestnik_id: id },
          bounce: { type: 'Permanent', message: '550 5.1.1' },
        };
        const text = JSON.stringify({ type: 'email.bounced', created_at: new Date().toISOString(), data });
        return post('resend', text, svixHeaders(text, secret, randomUUID()));
      },
    },
    postmark: { secret: 'another token', bounce: (letter) => postmark(bounceOf(letter)) },
  };

  test.each(Object.keys(ways))('from %s', async (provider) => {
    const way = ways[provider] ?? expect.unreachable();
    await addSecret(provider, way.secret);
    const sent = await letter(provider);
    expect(await way.bounce(sent)).toMatchObject({ status: 200 });
    const row = await messageNow(db, sent.id);
    expect(row).toMatchObject({ state: 'failed', failed_reason: expect.stringContaining('5.1.1') });
    expect(Math.abs((row.failed_at?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(await suppressed(sent.email)).toBe('bounced');
  });

  test('and tells the run that waits at that step, once it is committed', async () => {
    const sent = await letter('postmark');
    const run = await newRun(db, sent.customer, 'personal');
    await db.updateTable('runs').set({ block: 'cart-1' }).where('id', '=', run).execute();
    await db.insertInto('run_blocks').values({ run_id: run, block: 'cart-1', entered_at: clock.now() }).execute();
    await db.updateTable('messages').set({ run_id: run }).where('id', '=', sent.id).execute();
    await postmark(bounceOf(sent));
    expect(relayed.filter((row) => row.customer_id === sent.customer)).toMatchObject([{ signal: 'advance' }]);
  });

  test('five times, in any order, is one story', async () => {
    const sent = await letter('postmark');
    const story = [deliveryOf(sent), bounceOf(sent)];
    const answers = [];
    for (let round = 0; round < 5; round++) {
      for (const body of round % 2 ? story : story.toReversed()) answers.push(await postmark(body));
    }
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await eventsOf(sent.id)).toSorted()).toEqual(['bounced', 'delivered']);
    expect(await messageNow(db, sent.id)).toMatchObject({ state: 'failed' });
  });

  test('what is nobody of ours, or not in its shape, is taken and forgotten: it would come again for days', async () => {
    expect(await postmark(deliveryOf({ id: randomUUID(), email: 'nobody@example.com' }))).toMatchObject({
      status: 200,
    });
    expect(await postmark({ Something: 'else' })).toMatchObject({
      status: 200,
      body: { stored: 0, ignored: 'an unknown shape' },
    });
  });

  test('a time before all times and a text that no database holds harm nobody', async () => {
    const sent = await letter('postmark');
    const odd = { ...bounceOf(sent), BouncedAt: '1970-01-01T00:00:00Z', Details: 'a\u0000b\ud800' };
    expect(await postmark(odd)).toMatchObject({ status: 200 });
    const row = await messageNow(db, sent.id);
    expect(row.state).toBe('failed');
    expect(row.failed_at?.getFullYear()).toBeGreaterThan(2024);
  });
});

test("a provider's times become business time, which may run faster", async () => {
  const time = { origin: Date.now() - 600_000, scale: 60 };
  const fast = scaledClock(time);
  const other = await freshDatabase();
  const gateway = await testGateway(other, { clock: fast });
  const secret = { source: 'postmark', name: 'x', secret: 'a token of postmark' };
  expect((await gateway.call('POST', '/webhook-secrets', secret)).status).toBe(201);
  const { id } = await newMessage(other.db, await newCustomer(other.db), { accepted_at: fast.now() });
  const DeliveredAt = new Date(Date.now() - 30_000).toISOString();
  const told = { RecordType: 'Delivery', MessageID: 'x', Metadata: { vestnik_id: id }, DeliveredAt };
  await gateway.request('/webhooks/postmark?token=a%20token%20of%20postmark', {
    method: 'POST',
    body: JSON.stringify(told),
  });
  const { delivered_at } = await messageNow(other.db, id);
  expect(delivered_at?.getTime()).toBe(toBusiness(Date.parse(DeliveredAt), time));
});

describe('who may tell', () => {
  test('nobody where no secret is kept, and nobody at a source that is none', async () => {
    expect(await post('ses', {})).toMatchObject({ status: 404, body: { code: 'webhook_closed' } });
    for (const name of ['toString', 'nobody']) {
      expect(await post(name, {})).toMatchObject({ status: 404, body: { code: 'webhook_unknown' } });
      expect(await request(`/webhooks/${name}`)).toMatchObject({ status: 404, body: { code: 'webhook_unknown' } });
    }
    expect(await request('/webhooks/shopify')).toMatchObject({ status: 404, body: { code: 'webhook_unknown' } });
  });

  test('who signs with a secret that is kept, with any of them, until it is deleted', async () => {
    const sent = await letter('postmark');
    const old = await addSecret('postmark', 'the old token');
    const tell = (token: string) => post(`postmark?token=${encodeURIComponent(token)}`, deliveryOf(sent));
    expect((await tell('the old token')).status).toBe(200);
    expect((await tell('a token of postmark')).status).toBe(200);
    await call('DELETE', `/webhook-secrets/${old}`);
    expect((await tell('the old token')).body).toMatchObject({ status: 401, code: 'wrong_signature' });
    expect((await tell('a token of postmark')).status).toBe(200);
  });

  test('nobody with a body that was changed, nor with one of long ago', async () => {
    const keys = sendgridKeys();
    await addSecret('sendgrid', keys.verificationKey);
    const sent = await letter('sendgrid');
    const text = JSON.stringify([
      { event: 'delivered', sg_event_id: randomUUID(), vestnik_id: sent.id, email: sent.email },
    ]);
    const changed = await post(
      'sendgrid',
      text.replace('delivered', 'spamreport'),
      sendgridHeaders(text, keys.privateKey),
    );
    expect(changed.body).toMatchObject({ status: 401, code: 'wrong_signature' });
    const stale = await post('sendgrid', text, sendgridHeaders(text, keys.privateKey, '1700000000'));
    expect(stale.body).toMatchObject({ status: 401, code: 'stale_signature' });
    expect(await messageNow(db, sent.id)).toMatchObject({ state: 'accepted', complained_at: null });
  });

  test('a secret must be what the provider can be checked by', async () => {
    const answer = await call('POST', '/webhook-secrets', { source: 'ses', name: 'x', secret: 'no topic at all' });
    expect(answer.body).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/secret' }] });
  });
});

test('some tell by GET: what is signed counts, whatever the method', async () => {
  await addSecret('smsc', 'a word of smsc');
  const sent = await letter('smsc', { channel: 'sms', provider_id: '77' });
  const sha1 = hash('sha1', '77:79161234567:1:a word of smsc');
  expect(await request(`/webhooks/smsc?id=77&phone=79161234567&status=1&sha1=${sha1}`)).toMatchObject({ status: 200 });
  expect(await messageNow(db, sent.id)).toMatchObject({ state: 'delivered' });
  expect(await request('/webhooks/smsc?id=77&phone=79161234567&status=1&sha1=00')).toMatchObject({ status: 401 });
});

test('a word that comes before our own record is asked for again, and not lost', async () => {
  await addSecret('smsc', 'a word of smsc');
  const sha1 = hash('sha1', '88:79161234568:1:a word of smsc');
  const tell = () =>
    post('smsc', new URLSearchParams({ id: '88', phone: '79161234568', status: '1', sha1 }).toString());
  const lease = new Date(Date.now() + 60_000);
  const change = {
    channel: 'sms',
    state: 'submitting',
    accepted_at: null,
    lease_until: lease,
    address: '+79161234568',
  };
  const sent = await letter('smsc', change);
  const early = await tell();
  expect(early.body).toMatchObject({ status: 503, code: 'message_not_yet_known' });
  expect(early.headers.get('retry-after')).toBe('30');
  await db.updateTable('messages').set({ state: 'accepted', provider_id: '88' }).where('id', '=', sent.id).execute();
  expect((await tell()).status).toBe(200);
  expect(await messageNow(db, sent.id)).toMatchObject({ state: 'delivered' });
});

test('nothing is answered with 2xx that is not committed', async () => {
  const sent = await letter('postmark');
  const holder = await pool.connect();
  await holder.query('begin');
  await holder.query('select from messages where id = $1 for update', [sent.id]);
  const told = postmark(deliveryOf(sent));
  const first = await Promise.race([told.then(() => 'answered'), waitsForLock().then(() => 'waits')]);
  expect(first).toBe('waits');
  await holder.query('rollback');
  holder.release();
  expect((await told).status).toBe(200);
  expect(await messageNow(db, sent.id)).toMatchObject({ state: 'delivered' });
});

async function waitsForLock(): Promise<void> {
  const query = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while ((await pool.query(query)).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('ten thousand at once', () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  afterAll(() => agent.destroy());

  function send(body: object): Promise<number> {
    return new Promise((resolve, reject) => {
      const path = `${url}/webhooks/postmark?token=a%20token%20of%20postmark`;
      const sent = httpRequest(path, { method: 'POST', agent }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      });
      sent.on('error', reject).end(JSON.stringify(body));
    });
  }

  test('are each kept once, in few transactions', async () => {
    const letters = await Promise.all(Array.from({ length: 1_000 }, () => letter('postmark')));
    const opened = ({ id, email }: { id: string; email: string }) => ({
      RecordType: 'Open',
      MessageID: id,
      Metadata: { vestnik_id: id },
      ReceivedAt: new Date().toISOString(),
      Recipient: email,
      UserAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 10_3_3 like Mac OS X) AppleWebKit/603.3.8',
    });
    // Each letter: delivered, opened, bounced where it is the third; and each of that five times or more.
    const bodies = letters.flatMap((one, index) => {
      const story = [deliveryOf(one), index % 3 === 0 ? bounceOf(one) : opened(one)];
      return Array.from({ length: 10 }, (_, round) => story[round % 2] ?? {});
    });
    const answers = await Promise.all(bodies.map(send));
    expect(answers.filter((status) => status !== 200)).toEqual([]);
    expect(answers).toHaveLength(10_000);
    const ids = letters.map(({ id }) => id);
    const events = await db.selectFrom('message_events').select('kind').where('message_id', 'in', ids).execute();
    expect(events).toHaveLength(2_000);
    const states = await db.selectFrom('messages').select('state').where('id', 'in', ids).execute();
    expect(Map.groupBy(states, ({ state }) => state).get('failed')).toHaveLength(334);
    expect(Map.groupBy(states, ({ state }) => state).get('delivered')).toHaveLength(666);
    const { rows } = await pool.query(
      'select count(distinct xmin::text)::int as count from message_events where message_id = any($1)',
      [ids],
    );
    expect(rows[0].count).toBeLessThan(1_000);
  });
});
