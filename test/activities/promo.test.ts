import { expect, test } from 'vitest';
import { deliver } from '#activities/deliver.ts';
import type { ActivityDeps } from '#activities/deps.ts';
import { enter } from '#activities/enter.ts';
import type { OutgoingMessage, SubmitResult } from '#channels/channel.ts';
import { createSandbox } from '#channels/sandbox/channel.ts';
import { codesOfPool } from '#db/promo-list.ts';
import { createPromoPool } from '#db/promo-pools.ts';
import { saveSettings } from '#db/settings.ts';
import type { DeliverRequest } from '#domain/journey.ts';
import { defaultShop } from '#domain/shop.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { manualClock, seedCart } from '#test/support/cart.ts';
import { freshDatabase } from '#test/support/database.ts';

// R8: the same run and step, asked again, has the same code.

const { db } = await freshDatabase();
const start = new Date('2026-03-02T09:00:00Z');
const clock = manualClock(start);
const handed: OutgoingMessage[] = [];
/** What the provider says next; accepted, when it has nothing more to say. */
const answers: SubmitResult[] = [];
const { sms, viber } = createSandbox('smtp://127.0.0.1:1');
const saying = (channel: NonNullable<typeof sms>): NonNullable<typeof sms> => ({
  ...channel,
  async submit(message) {
    handed.push(message);
    return answers.shift() ?? { result: 'accepted', providerId: String(handed.length) };
  },
});
if (!sms || !viber) throw new Error('the sandbox has no such channels');
const deps: ActivityDeps = {
  db,
  clock,
  channels: { sms: saying(sms), viber: saying(viber) },
  renderer: await createRenderer(),
  publicUrl: 'https://shop.example/vestnik',
  secret: 'a secret of the tests, long enough to sign links with',
  log: { info() {}, warn() {} },
};
const shop = {
  ...defaultShop,
  channels: ['viber', 'sms'],
  quietHours: { from: '00:00', to: '00:00' },
  requireConsent: false,
};
await saveSettings(db, 'shop', shop, 'test', start);
await saveSettings(db, 'policy', { rules: [] }, 'test', start);
const pool = {
  name: 'pool',
  sizes: [{ name: 'all', when: [], percent: 10 }],
  expiry: { after: 'P1D' },
  lowStock: 0,
  generated: { pattern: 'CODE-??????', ahead: 10, most: null },
};
const poolId = (await createPromoPool(db, pool, start)) ?? '';
const cascade = {
  channels: [
    { channel: 'viber', advanceWhen: 'not_delivered', after: 'PT1H' },
    { channel: 'sms', advanceWhen: 'not_delivered', after: 'PT1H' },
  ],
};
const steps = [{ message: 'cart-promo', after: 'PT0S' }];
const settings = { cascade, promo: { pool: 'pool' }, branches: { cart: { idle: 'PT30M', steps } } };
await saveSettings(db, 'abandonment', settings, 'test', start);

async function dueCart(): Promise<DeliverRequest> {
  clock.set(start);
  handed.length = 0;
  const entry = await seedCart(db, start);
  await db.updateTable('profiles').set({ phone: '+79161234567' }).where('customer_id', '=', entry.customerId).execute();
  for (const channel of ['sms', 'viber'])
    await db
      .insertInto('consent_states')
      .values({ customer_id: entry.customerId, purpose: 'advertising', channel, state: 'granted', at: start })
      .execute();
  const answer = await enter(deps, entry);
  if (!answer.entered) throw new Error(answer.outcome);
  clock.set(answer.next.due);
  const { runId, next } = answer;
  const { journey, customerId, key } = entry;
  return { runId, journey, customerId, key, ask: 1, block: next.block, iteration: 1, channel: next.channel };
}

const codesIn = () => handed.map(({ content }) => /CODE-\w{6}/.exec(JSON.stringify(content))?.[0]);
const issuedTo = async ({ customerId }: DeliverRequest) =>
  (await codesOfPool(db, poolId, { state: 'issued' }, 0, 1000)).filter((row) => row.customerId === customerId);

test('a provider that says "later" is given the same code again', async () => {
  const request = await dueCart();
  answers.push({ result: 'later', reason: 'too many', retryAfterMs: 1000 });
  await expect(deliver(deps, request)).rejects.toMatchObject({ type: 'ProviderUnavailable' });
  clock.set(clock.now().getTime() + 60_000);
  await deliver(deps, request);
  const [first, second] = codesIn();
  expect(first).toBeDefined();
  expect(second).toBe(first);
  expect((await issuedTo(request)).map(({ code }) => code)).toEqual([first]);
});

test('each channel of a cascade gives the same code', async () => {
  const request = await dueCart();
  answers.push({ result: 'refused', reason: 'nobody there', suppress: null });
  const answer = await deliver(deps, request);
  expect(answer.next?.channel).toBe('sms');
  await deliver(deps, { ...request, ask: 2, channel: 'sms' });
  const [byViber, bySms] = codesIn();
  expect(byViber).toBeDefined();
  expect(bySms).toBe(byViber);
  expect(await issuedTo(request)).toHaveLength(1);
});

test('two attempts at once take one code', async () => {
  const request = await dueCart();
  await Promise.allSettled([deliver(deps, request), deliver(deps, request), deliver(deps, request)]);
  expect(await issuedTo(request)).toHaveLength(1);
  expect(handed).toHaveLength(1);
});
