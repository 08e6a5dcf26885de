import { beforeEach, describe, expect, test } from 'vitest';
import { newId } from '#db/ids.ts';
import { recordProviderEvents } from '#db/provider-events.ts';
import type { ProviderEvent } from '#domain/provider-event.ts';
import { presets } from '#presets/presets.ts';
import { messageToken } from '#rendering/tokens.ts';
import { customers, type TestCustomer } from '#test/support/customers.ts';
import { secret } from '#test/support/journeys.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

/** One step, several channels (R3), as the retailers have it: from an event over HTTP to what came out on each channel. */

const system = await startSystem(await timeSkipping(), {
  only: ['abandonment'],
  shop: { channels: ['email', 'viber', 'sms', 'whatsapp', 'web_push'] },
});
const customer = customers(system);
await system.stock({ id: 'lamp' });

/** The preset's cascade for a cart of one message: what follows it is another matter. */
async function cascadeOf(preset: string): Promise<void> {
  const cascade = presets[preset]?.journeys.abandonment?.cascade;
  const cart = { steps: [{ message: 'cart-reminder', after: 'PT0S', validFor: 'P3D' }] };
  await system.settings({ cascade, branches: { cart: { idle: 'PT30M', ...cart } } });
}

let phones = 79_160_000_000;
async function everywhere(): Promise<TestCustomer & { phone: string }> {
  const phone = `+${++phones}`;
  const someone = await customer({ phone });
  for (const channel of ['viber', 'sms', 'whatsapp']) await system.track(someone.id, 'Subscribed', { channel });
  return { ...someone, phone };
}

async function withPush(): Promise<TestCustomer & { phone: string }> {
  const someone = await everywhere();
  const endpoint = `https://fcm.googleapis.com/fcm/send/${someone.id}`;
  const keys = {
    p256dh: 'BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM',
    auth: 'tBHItJI5svbpez7KI4CCXg',
  };
  const device = {
    channel: 'web_push',
    address: endpoint,
    customer_id: someone.customerId,
    keys: JSON.stringify(keys),
  };
  const times = { created_at: system.clock.now(), seen_at: system.clock.now() };
  await system.db
    .insertInto('devices')
    .values({ ...device, ...times })
    .execute();
  return someone;
}

interface Row {
  id: string;
  channel: string;
  state: string;
  step: string;
}

/** Messages in the ledger, oldest first. */
async function ledger({ customerId }: TestCustomer): Promise<Row[]> {
  const { items } = (await system.call('GET', `/messages?customerId=${customerId}`)).body;
  return items.toReversed().filter(({ step }: Row) => step === 'cart-1');
}

const channels = async (of: TestCustomer) => (await ledger(of)).map(({ channel }) => channel);

const person =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36';
async function visit(path: string, userAgent: string): Promise<void> {
  await system.refresh();
  await system.request(path, { headers: { 'user-agent': userAgent }, redirect: 'manual' });
}
const open = ({ id }: Row, userAgent = person) => visit(`/t/o/${messageToken(secret, id, 'o')}.gif`, userAgent);
const click = ({ id }: Row) => visit(`/t/c/${messageToken(secret, id, 'c', 0)}`, person);

/** What a provider tells of a message; its signals go out as the gateway lets them. */
async function tells({ id, channel }: Row, kind: ProviderEvent['kind'], key = newId(new Date())): Promise<void> {
  await system.refresh();
  const source = await system.db.selectFrom('sources').select('id').executeTakeFirstOrThrow();
  const about = { kind, key, channel: channel as ProviderEvent['channel'], message: { id }, address: null, by: null };
  const heard = {
    ...about,
    reason: 'said the provider',
    sourceId: source.id,
    provider: 'sandbox',
    at: system.clock.now(),
  };
  const rules = {
    journeys: [{ name: 'abandonment', topic: 'reminders' as const, followsActivity: true }],
    shop: system.shop,
    confirming: null,
  };
  const { outbox } = await recordProviderEvents(system.db, [heard], { now: system.clock.now(), rules });
  await system.relay.push(outbox);
}

const leaves = (who: TestCustomer) => system.track(who.id, 'Product Added', { product_id: 'lamp' });

describe('R3 DNK: e-mail; not opened → Viber; not delivered → SMS', () => {
  beforeEach(() => cascadeOf('dnk'));

  test('nobody opens, nothing is delivered: all three, each at its time, and one contact for the policy', async () => {
    const anna = await everywhere();
    const start = system.clock.now().getTime();
    await leaves(anna);
    await system.pass('3 days');
    const { items } = (await system.call('GET', `/messages?customerId=${anna.customerId}`)).body;
    const hours = items
      .toReversed()
      .map((m: { channel: string; acceptedAt: string }) => [
        m.channel,
        Math.round((Date.parse(m.acceptedAt) - start) / 360_000) / 10,
      ]);
    expect(hours).toEqual([
      ['email', 0.5],
      ['viber', 24.5],
      ['sms', 26.5],
    ]);
    expect(await anna.outcome()).toBe('completed');
    const [sms] = (await system.inbox(anna.phone)).filter((mail) => mail.channel === 'sms');
    expect(sms?.text).toContain('/t/c/');
  });

  test('a person who opens the e-mail is left in peace; a program that loads its pictures stops nothing', async () => {
    const [boris, vera] = [await everywhere(), await everywhere()];
    await leaves(boris);
    await leaves(vera);
    await system.pass('2 hours');
    for (const row of await ledger(boris)) await open(row);
    for (const row of await ledger(vera)) await open(row, 'Mozilla/5.0');
    await system.pass('3 days');
    expect(await channels(boris)).toEqual(['email']);
    expect(await boris.outcome()).toBe('completed');
    expect(await channels(vera)).toEqual(['email', 'viber', 'sms']);
  });

  test('a delivered Viber message spares the SMS', async () => {
    const gleb = await everywhere();
    await leaves(gleb);
    await system.pass('25 hours');
    const viber = (await ledger(gleb))[1] ?? expect.unreachable();
    await tells(viber, 'delivered');
    await system.pass('1 day');
    expect(await channels(gleb)).toEqual(['email', 'viber']);
  });

  test('a bounce advances at once, and what bounced is not written to again', async () => {
    const dina = await everywhere();
    await leaves(dina);
    await system.pass('1 hour');
    const email = (await ledger(dina))[0] ?? expect.unreachable();
    for (const key of ['same', 'same', 'same']) await tells(email, 'bounced', key);
    await system.pass('1 minute');
    expect(await channels(dina)).toEqual(['email', 'viber']);
    const viber = (await ledger(dina))[1] ?? expect.unreachable();
    await tells(viber, 'failed');
    await system.pass('1 minute');
    expect((await ledger(dina)).map(({ channel, state }) => [channel, state])).toEqual([
      ['email', 'failed'],
      ['viber', 'failed'],
      ['sms', 'accepted'],
    ]);
    await system.pass('1 day');
    expect(await dina.outcome()).toBe('completed');
  });

  test('without an e-mail address it begins with Viber; a purchase stops it between two channels', async () => {
    const egor = await everywhere();
    await leaves(egor);
    await system.db.updateTable('profiles').set({ email: null }).where('customer_id', '=', egor.customerId).execute();
    await system.pass('1 hour');
    expect(await channels(egor)).toEqual(['viber']);
    await system.track(egor.id, 'Order Completed', {
      order_id: `o-${egor.id}`,
      total: 1,
      currency: 'RUB',
      products: [{ product_id: 'lamp', quantity: 1, price: 1 }],
    });
    await system.pass('1 day');
    expect(await channels(egor)).toEqual(['viber']);
    expect(await egor.outcome()).toBe('goal');
  });

  test('who has a phone and no e-mail address is in the journey, too', async () => {
    const phone = `+${++phones}`;
    await system.identify(`only-${phones}`, { phone });
    for (const channel of ['viber', 'sms']) await system.track(`only-${phones}`, 'Subscribed', { channel });
    await system.track(`only-${phones}`, 'Product Added', { product_id: 'lamp' });
    await system.pass('4 hours');
    expect((await system.inbox(phone)).map(({ channel }) => channel)).toEqual(['viber', 'sms']);
  });

  test('whoever says no between two channels hears no more', async () => {
    const zoya = await everywhere();
    await leaves(zoya);
    await system.pass('1 hour');
    for (const channel of ['viber', 'sms']) await system.track(zoya.id, 'Unsubscribed', { channel });
    await system.pass('3 days');
    expect(await channels(zoya)).toEqual(['email']);
  });
});

describe('R3 mi-shop: push only without action in the e-mail', () => {
  beforeEach(() => cascadeOf('mi-shop'));

  test('an open is no action, a click is', async () => {
    const [ivan, kira] = [await withPush(), await withPush()];
    await leaves(ivan);
    await leaves(kira);
    await system.pass('1 hour');
    for (const row of await ledger(ivan)) await open(row);
    for (const row of await ledger(kira)) await click(row);
    await system.pass('1 day');
    expect(await channels(ivan)).toEqual(['email', 'web_push']);
    expect(await channels(kira)).toEqual(['email']);
  });
});

describe('R3 electronics: the cheapest first, until there is an interaction', () => {
  beforeEach(() => cascadeOf('electronics'));

  test('push, e-mail, SMS, WhatsApp, by their prices while nobody’s habits are known', async () => {
    const lev = await withPush();
    await leaves(lev);
    await system.pass('3 days');
    expect(await channels(lev)).toEqual(['web_push', 'email', 'sms', 'whatsapp']);
    const mila = await withPush();
    await leaves(mila);
    await system.pass('10 hours');
    for (const row of (await ledger(mila)).slice(1)) await click(row);
    await system.pass('3 days');
    expect(await channels(mila)).toEqual(['web_push', 'email']);
  });

  test('who reacts to SMS only gets it before what they never look at', async () => {
    const nina = await withPush();
    const now = system.clock.now();
    const old = (index: number, channel: string, reacted: boolean) => ({
      id: newId(now),
      customer_id: nina.customerId,
      ...{
        journey: 'abandonment',
        block: `old-${index}`,
        channel,
        template: 'cart-reminder',
        locale: 'en',
        class: 'abandonment',
      },
      ...{ kind: 'marketing', counts: false, state: 'delivered', settings_version: 1, due_at: now, reserved_at: now },
      ...{ accepted_at: now, clicked_at: reacted ? now : null },
    });
    // What costs a hundred times as much must be a hundred times as likely: free channels stay in front.
    const rows = Array.from({ length: 60 }, (_, index) => old(index, index % 2 ? 'sms' : 'whatsapp', index % 2 === 0));
    await system.db.insertInto('messages').values(rows).execute();
    await leaves(nina);
    await system.pass('3 days');
    expect(await channels(nina)).toEqual(['web_push', 'email', 'whatsapp', 'sms']);
  });
});

test('a message that cannot be made for a channel goes by the next one', async () => {
  await cascadeOf('dnk');
  const olga = await everywhere();
  const { renderer } = system.journeys.deps;
  const broken = {
    ...renderer,
    render: (input: Parameters<typeof renderer.render>[0]) => {
      if (input.channel === 'email') throw new Error('the template names what is not there');
      return renderer.render(input);
    },
  };
  Object.assign(system.journeys.deps, { renderer: broken });
  await leaves(olga);
  await system.pass('1 hour');
  Object.assign(system.journeys.deps, { renderer });
  expect((await ledger(olga)).map(({ channel, state }) => [channel, state])).toEqual([
    ['email', 'failed'],
    ['viber', 'accepted'],
  ]);
});
