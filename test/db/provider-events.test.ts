import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { consentRules } from '#api/advertising.ts';
import { newId } from '#db/ids.ts';
import { type Heard, recordProviderEvents } from '#db/provider-events.ts';
import { createVisits } from '#db/tracking.ts';
import { defaultShop } from '#domain/shop.ts';
import { messageNow, newCustomer, newMessage, newRun, sentAt } from '#test/api/tracking/support.ts';
import { freshDatabase } from '#test/support/database.ts';

const { db } = await freshDatabase();
const now = new Date(sentAt.getTime() + 3_600_000);
const after = (seconds: number) => new Date(sentAt.getTime() + seconds * 1000);
const visits = createVisits(db, { tooFast: 0, burst: 0 });
const context = { now, rules: consentRules(defaultShop) };

type Said = Partial<Heard> & Pick<Heard, 'kind'>;

const sourceId = randomUUID();

function heard(said: Said): Heard {
  const about = { message: null, address: null, by: null, reason: null };
  return { sourceId, provider: 'postmark', channel: 'email', key: randomUUID(), at: after(60), ...about, ...said };
}

const record = (...said: Said[]) => recordProviderEvents(db, said.map(heard), context);

async function person(email: string = `${randomUUID()}@example.com`) {
  const customer = await newCustomer(db);
  await db
    .insertInto('identities')
    .values({ kind: 'email', value: email, customer_id: customer, since: sentAt })
    .execute();
  return { customer, email };
}

async function letter(change: Parameters<typeof newMessage>[2] = {}) {
  const { customer, email } = await person();
  const message = await newMessage(db, customer, { address: email, provider: 'postmark', ...change });
  return { customer, email, id: message.id, message: { id: message.id } };
}

const suppressionOf = async (address: string) =>
  (await db.selectFrom('suppressions').select('reason').where('address', '=', address).execute()).map(
    (row) => row.reason,
  );

const kindsOf = async (id: string) =>
  (await db.selectFrom('message_events').select('kind').where('message_id', '=', id).orderBy('at').execute()).map(
    (row) => row.kind,
  );

const consentsOf = async (id: string) =>
  await db.selectFrom('consent_states').select(['channel', 'state']).where('customer_id', '=', id).execute();

describe('what a provider says of a message', () => {
  test('moves it on, and is kept beside it', async () => {
    const { id, message } = await letter();
    await record({ kind: 'delivered', message, at: after(5) }, { kind: 'opened', message, by: 'human', at: after(50) });
    await record({ kind: 'clicked', message, by: 'human', at: after(70) });
    expect(await messageNow(db, id)).toMatchObject({
      state: 'delivered',
      delivered_at: after(5),
      opened_at: after(50),
      opened_by: 'human',
      clicked_at: after(70),
    });
    expect(await kindsOf(id)).toEqual(['delivered', 'opened', 'clicked']);
  });

  test('is found by the id under which the provider took it, too', async () => {
    const { id } = await letter({ provider_id: 'pm-1' });
    await record({ kind: 'read', message: { providerId: 'pm-1' }, at: after(9) });
    expect(await messageNow(db, id)).toMatchObject({ state: 'delivered', opened_by: 'human', opened_at: after(9) });
  });

  test('of another provider with the same id says nothing', async () => {
    const { id } = await letter({ provider_id: 'shared', provider: 'sendgrid' });
    await record({ kind: 'delivered', message: { providerId: 'shared' } });
    expect(await messageNow(db, id)).toMatchObject({ state: 'accepted' });
  });

  test.each(['reserved', 'submitting', 'unknown'])('moves one that is %s in our books', async (state) => {
    const { id, message } = await letter({ state, accepted_at: null });
    await record({ kind: 'delivered', message, at: after(30) });
    expect(await messageNow(db, id)).toMatchObject({
      state: 'delivered',
      accepted_at: after(30),
      delivered_at: after(30),
    });
  });

  test('a message that never went stays so', async () => {
    const { id, message } = await letter({ state: 'dropped' });
    await record({ kind: 'delivered', message }, { kind: 'failed', message });
    expect(await messageNow(db, id)).toMatchObject({ state: 'dropped' });
  });

  test('a program that loads the pictures has neither read nor clicked', async () => {
    const { id, message } = await letter();
    await record({ kind: 'opened', message, by: 'machine' }, { kind: 'clicked', message, by: 'machine' });
    expect(await messageNow(db, id)).toMatchObject({ state: 'accepted', opened_by: 'machine', clicked_at: null });
  });

  test("and our own pixel's word make one story", async () => {
    const { id, message } = await letter();
    await visits.record({
      messageId: id,
      kind: 'opened',
      link: null,
      by: 'human',
      userAgent: undefined,
      at: after(100),
    });
    await record({ kind: 'opened', message, by: 'machine', at: after(1) });
    expect(await messageNow(db, id)).toMatchObject({ opened_by: 'human', opened_at: after(100) });
    await record({ kind: 'opened', message, by: 'human', at: after(40) });
    expect(await messageNow(db, id)).toMatchObject({ opened_by: 'human', opened_at: after(40) });
  });

  test('five times, and each time with all the others, is one story', async () => {
    const { id, customer, message } = await letter();
    await newRun(db, customer, 'personal');
    const story = [
      heard({ kind: 'delivered', message, at: after(2) }),
      heard({ kind: 'opened', message, by: 'human', at: after(3) }),
      heard({ kind: 'complained', message, at: after(4) }),
    ];
    const rounds = [];
    for (let round = 0; round < 5; round++) rounds.push(await recordProviderEvents(db, story, context));
    expect(rounds.map(({ outbox }) => outbox.length)).toEqual([1, 0, 0, 0, 0]);
    expect(await kindsOf(id)).toEqual(['delivered', 'opened', 'complained']);
    expect(await db.selectFrom('consents').selectAll().where('customer_id', '=', customer).execute()).toHaveLength(1);
  });

  test('any order, any division into deliveries, and repeats end the same', async () => {
    const kinds = ['delivered', 'opened', 'clicked', 'failed', 'bounced', 'complained', 'read'] as const;
    const event = fc.record({
      kind: fc.constantFrom(...kinds),
      second: fc.integer({ min: 1, max: 50 }),
      by: fc.constantFrom('human', 'machine', null),
    });
    const told = async (
      story: { kind: Said['kind']; second: number; by: (Said['by'] & string) | null }[],
      order: number[],
    ) => {
      const { id, message, email } = await letter();
      const all = story.map(({ kind, second, by }) =>
        heard({ kind, by, message, at: after(second), reason: `${kind} ${second}` }),
      );
      for (const index of order)
        await recordProviderEvents(db, [all[index % all.length] ?? heard({ kind: 'failed' })], context);
      await recordProviderEvents(db, all, context);
      const row = await messageNow(db, id);
      const { state, delivered_at, failed_at, failed_reason, opened_at, opened_by, clicked_at, complained_at } = row;
      return {
        state,
        delivered_at,
        failed_at,
        failed_reason,
        opened_at,
        opened_by,
        clicked_at,
        complained_at,
        said: await suppressionOf(email),
      };
    };
    const story = fc.uniqueArray(event, { minLength: 1, maxLength: 5, selector: ({ second }) => second });
    await fc.assert(
      fc.asyncProperty(story, fc.array(fc.nat(20), { maxLength: 8 }), async (events, order) => {
        expect(await told(events, order)).toEqual(await told(events, []));
      }),
      { numRuns: 40 },
    );
  });
});

describe('a failure', () => {
  test('outranks a delivery: the next server took it and sent it back', async () => {
    const { id, message } = await letter();
    await record({ kind: 'delivered', message, at: after(1) });
    await record({ kind: 'failed', message, at: after(90), reason: '550 5.1.1' });
    await record({ kind: 'delivered', message, at: after(2) });
    expect(await messageNow(db, id)).toMatchObject({
      state: 'failed',
      failed_at: after(90),
      failed_reason: '550 5.1.1',
      delivered_at: after(1),
    });
  });

  async function waiting(block: string | null, change: Parameters<typeof newMessage>[2] = {}) {
    const { customer } = await person();
    const run = await newRun(db, customer, 'personal');
    await db.updateTable('runs').set({ block }).where('id', '=', run).execute();
    const open = { run_id: run, block: 'cart-1', iteration: 1, entered_at: sentAt };
    await db.insertInto('run_blocks').values(open).execute();
    const { id } = await newMessage(db, customer, { run_id: run, ...change });
    return { run, message: { id } };
  }

  test.each(['failed', 'bounced', 'blocked'] as const)(
    'that says %s tells the run which waits at that very step, once',
    async (kind) => {
      const { message } = await waiting('cart-1');
      const first = await record({ kind, message });
      expect(first.outbox).toMatchObject([{ signal: 'advance', journey: 'abandonment', reason: 'failed' }]);
      expect((await record({ kind: 'failed', message })).outbox).toEqual([]);
    },
  );

  test('comes before our own record of the submission: the run is told all the same', async () => {
    const { message } = await waiting('cart-1', { state: 'submitting', accepted_at: null });
    expect((await record({ kind: 'bounced', message })).outbox).toHaveLength(1);
    expect(await messageNow(db, message.id)).toMatchObject({ state: 'failed' });
  });

  test.each([
    ['waits elsewhere', 'cart-2', {}],
    ['waits for the next round of the step', 'cart-1', { iteration: 2 }],
    ['had failed before', 'cart-1', { state: 'failed' }],
  ])('wakes nobody who %s', async (_, block, change) => {
    const { message } = await waiting(block, change);
    expect((await record({ kind: 'failed', message })).outbox).toEqual([]);
  });

  test('wakes no run that has ended', async () => {
    const { run, message } = await waiting('cart-1');
    await db.updateTable('runs').set({ ended_at: now }).where('id', '=', run).execute();
    expect((await record({ kind: 'failed', message })).outbox).toEqual([]);
  });
});

describe('what a provider says of an address', () => {
  test.each(['bounced', 'blocked', 'complained'] as const)('%s suppresses it, by the message', async (kind) => {
    const { email, message } = await letter();
    await record({ kind, message, address: 'another@example.com' });
    expect(await suppressionOf(email)).toEqual([kind]);
  });

  test('suppresses it without a message, too', async () => {
    const { email } = await person();
    await record({ kind: 'bounced', address: email });
    expect(await suppressionOf(email)).toEqual(['bounced']);
  });

  test('a mere failure does not', async () => {
    const { email, message } = await letter();
    await record({ kind: 'failed', message });
    expect(await suppressionOf(email)).toEqual([]);
  });

  test('the strictest word stays', async () => {
    const { email } = await person();
    await record({ kind: 'complained', address: email });
    await record({ kind: 'bounced', address: email });
    await record({ kind: 'complained', address: email });
    expect(await suppressionOf(email)).toEqual(['bounced']);
  });

  test('stop ends advertising on that channel, also without a message', async () => {
    const { customer } = await person();
    const phone = `+7916${Math.floor(Math.random() * 1e7)}`;
    await db
      .insertInto('identities')
      .values({ kind: 'phone', value: phone, customer_id: customer, since: sentAt })
      .execute();
    await newRun(db, customer, 'personal');
    const { outbox } = await record({ kind: 'stopped', channel: 'sms', provider: 'twilio', address: phone });
    expect(await consentsOf(customer)).toEqual([{ channel: 'sms', state: 'denied' }]);
    expect(outbox).toMatchObject([{ signal: 'exit', reason: 'unsubscribed' }]);
    const said = await db.selectFrom('consents').select('source').where('customer_id', '=', customer).execute();
    expect(said).toEqual([{ source: 'twilio' }]);
  });

  test('stop by way of a message counts as unsubscribed by it; a complaint does not', async () => {
    const [said, complained] = [await letter(), await letter()];
    await record({ kind: 'stopped', message: said.message }, { kind: 'complained', message: complained.message });
    expect(await messageNow(db, said.id)).toMatchObject({ unsubscribed_at: after(60), complained_at: null });
    expect(await messageNow(db, complained.id)).toMatchObject({ unsubscribed_at: null, complained_at: after(60) });
    expect(await kindsOf(said.id)).toEqual(['unsubscribed']);
    for (const { customer } of [said, complained]) {
      expect(await consentsOf(customer)).toEqual([{ channel: 'email', state: 'denied' }]);
    }
  });

  test('of who was erased nothing is kept in clear, and nothing is said in their name', async () => {
    const { customer, id, message, email } = await letter();
    await db.updateTable('customers').set({ erased_at: now }).where('id', '=', customer).execute();
    await db.updateTable('messages').set({ address: null }).where('id', '=', id).execute();
    await db.deleteFrom('identities').where('customer_id', '=', customer).execute();
    await record({ kind: 'bounced', message, address: email }, { kind: 'stopped', message, address: email });
    expect(await messageNow(db, id)).toMatchObject({ state: 'failed', address: null });
    expect(await suppressionOf(email)).toEqual([]);
    expect(await consentsOf(customer)).toEqual([]);
    // Who takes the address again is warned.
    await db
      .insertInto('identities')
      .values({ kind: 'email', value: email, customer_id: await newCustomer(db), since: now })
      .execute();
    expect(await suppressionOf(email)).toEqual(['bounced']);
  });
});

describe("a word that comes before our own record of the provider's id", () => {
  const lease = (seconds: number) => new Date(Date.now() + seconds * 1000);

  test('is asked for again, and nothing is kept of it until then', async () => {
    const { id } = await letter({
      state: 'submitting',
      accepted_at: null,
      lease_until: lease(60),
      provider: 'sms-early',
    });
    const early = heard({ kind: 'delivered', message: { providerId: 'sms-1' }, provider: 'sms-early' });
    const other = await letter();
    const both = [heard({ kind: 'delivered', message: other.message }), early];
    expect((await recordProviderEvents(db, both, context)).early).toEqual(new Set([1]));
    expect(await messageNow(db, other.id)).toMatchObject({ state: 'delivered' });
    await db
      .updateTable('messages')
      .set({ state: 'accepted', provider_id: 'sms-1', lease_until: null })
      .where('id', '=', id)
      .execute();
    expect((await recordProviderEvents(db, both, context)).early).toEqual(new Set());
    expect(await messageNow(db, id)).toMatchObject({ state: 'delivered' });
    expect(await kindsOf(other.id)).toEqual(['delivered']);
  });

  test('is no reason to ask again where nothing is on its way there', async () => {
    const provider = 'sms-quiet';
    await letter({ state: 'submitting', accepted_at: null, lease_until: lease(-120), provider });
    const busy = await letter({ state: 'submitting', accepted_at: null, lease_until: lease(60), provider });
    const about = (message: Heard['message'], address: string) =>
      heard({ kind: 'delivered', message, address, provider });
    const told = [about({ providerId: 'x' }, 'somebody.else@example.com'), about({ id: newId(now) }, busy.email)];
    expect((await recordProviderEvents(db, told, context)).early).toEqual(new Set());
  });
});

test('deliveries that overlap, at once, deadlock with nobody', async () => {
  const letters = await Promise.all(Array.from({ length: 60 }, () => letter()));
  const story = letters.flatMap(({ message }, index) => [
    heard({ kind: 'delivered', message, at: after(index) }),
    heard({ kind: index % 3 === 0 ? 'complained' : 'bounced', message, at: after(100 + index) }),
  ]);
  const shuffled = (seed: number) => story.toSorted((a, b) => hashOf(a.key, seed) - hashOf(b.key, seed));
  const deciding = async (customer: string) => {
    await db.transaction().execute(async (trx) => {
      await trx.selectFrom('customers').select('id').where('id', '=', customer).forUpdate().execute();
      await trx.updateTable('messages').set({ attempts: 2 }).where('customer_id', '=', customer).execute();
    });
  };
  await Promise.all([
    ...Array.from({ length: 12 }, (_, seed) => recordProviderEvents(db, shuffled(seed).slice(seed * 5), context)),
    ...letters.map(({ customer }) => deciding(customer)),
  ]);
  await recordProviderEvents(db, story, context);
  const ids = letters.map(({ id }) => id);
  const events = await db.selectFrom('message_events').select('message_id').where('message_id', 'in', ids).execute();
  expect(events).toHaveLength(story.length);
  const states = await db.selectFrom('messages').select('state').where('id', 'in', ids).execute();
  expect(states.filter(({ state }) => state === 'failed')).toHaveLength(40);
});

function hashOf(key: string, seed: number): number {
  return [...key].reduce((sum, letter) => (sum * (31 + seed) + letter.charCodeAt(0)) % 100_003, seed);
}
