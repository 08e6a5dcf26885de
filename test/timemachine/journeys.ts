import type { ChannelName } from '#domain/journey.ts';
import { presets } from '#presets/presets.ts';
import { messageToken } from '#rendering/tokens.ts';
import { secret } from '#test/support/journeys.ts';
import { isOffered } from '#test/support/offers.ts';
import { settings as abandonment } from '#workflows/abandonment/settings.ts';
import type { JourneyName } from '#workflows/catalogue.ts';
import { settings as lifecycle } from '#workflows/lifecycle/settings.ts';
import { settings as welcome } from '#workflows/welcome/settings.ts';
import { itemEvent } from './item-event.ts';
import { replenishment } from './replenishment.ts';
import { customerOf, type Deed, oneOfAKind, onLast, placed, shoppers, track } from './scripts.ts';
import { atRisk, newModel, winBack } from './stages.ts';
import type { World } from './worlds.ts';

/** What a journey is put through, on every server. */
export interface Script {
  settings: object;
  /** Of pools. */
  promo?: object;
  /** Who comes by, and then does what. */
  customers: readonly string[];
  deeds: readonly Deed[];
  /** Lines of fates (`fates.ts`) that come of it: without them the script would be worth nothing. */
  seen: readonly RegExp[];
}

export const shop = { channels: ['email', 'viber', 'sms'] as ChannelName[], doubleOptIn: ['email'] as ChannelName[] };

/** Messages expire at no instant at which they may be due: a server is always some milliseconds late for it. */
const validFor = 'PT25H45M';
const many = ['anna', 'boris', 'vera', 'gleb', 'dina', 'egor', 'zoya', 'ilya', 'kira', 'lev', 'mila', 'oleg'];
const day = 48;

/** By journey: each of the catalogue has one. */
export const journeyScripts: Partial<Record<JourneyName, Script>> = {
  abandonment: {
    settings: abandonmentSettings(),
    customers: many,
    deeds: shoppers(1, many),
    seen: [/ viber accepted/, / sms accepted/, /run abandonment personal goal/],
  },
  'opt-in': {
    settings: {},
    customers: ['petr', 'olga'],
    deeds: [
      ...['petr', 'olga'].map((who) => ({
        at: placed(2 * day, 1),
        who,
        act: track(who, 'Subscribed', { channel: 'email' }),
      })),
      { at: placed(2 * day + 5, 2), who: 'petr', act: (world) => confirms(world, 'petr') },
      { at: placed(5 * day, 3), who: 'olga', act: track('olga', 'Subscribed', { channel: 'email' }) },
    ],
    seen: [/message opt-in ask 1 confirm email accepted/, /run opt-in .*completed/],
  },
  welcome: {
    settings: welcomeSettings(),
    promo: poolOf('welcome', 'HELLO-??????'),
    customers: ['rita', 'semyon', 'tanya'],
    deeds: [
      ...['rita', 'semyon', 'tanya'].map((who, n) => ({ at: placed(day + n, 1), who, act: track(who, 'Signed Up') })),
      { at: placed(3 * day + 7, 2), who: 'semyon', act: ordered('semyon', 'welcome') },
      { at: placed(3 * day + 7, 3), who: 'tanya', act: track('tanya', 'Unsubscribed') },
    ],
    seen: [
      /message welcome how-to-order 1 how-to-order email accepted/,
      /run welcome .*goal/,
      /run welcome .*exited:unsubscribed/,
    ],
  },
  'order-confirmation': {
    settings: { enabled: true, validFor },
    customers: ['pavel', 'ulyana'],
    deeds: [
      ...['pavel', 'ulyana'].map((who) => ({ at: placed(day, 1), who, act: ordered(who, 'confirmed') })),
      { at: placed(2 * day, 2), who: 'pavel', act: track('pavel', 'Order Shipped', { order_id: 'pavel-confirmed' }) },
      {
        at: placed(2 * day, 2),
        who: 'ulyana',
        act: track('ulyana', 'Order Cancelled', { order_id: 'ulyana-confirmed' }),
      },
    ],
    seen: [/message order-confirmation placed .* accepted/, / shipped .* accepted/, / cancelled .* accepted/],
  },
  message: {
    settings: {},
    customers: ['fedor'],
    deeds: [{ at: placed(day, 1), who: 'fedor', act: (world) => isSent(world, 'fedor') }],
    seen: [/message message send 1 password-reset email accepted/],
  },
  'item-event': itemEvent,
  replenishment,
  reservation: {
    settings: { validFor },
    customers: ['roman', 'sonya', 'taras', 'ulya'],
    deeds: queue(['roman', 'sonya', 'taras', 'ulya']),
    seen: [
      /message reservation offer .* accepted/,
      /hold-cancelled .* accepted/,
      /overtaken .* accepted/,
      /item-sold .* accepted/,
      /run reservation vase goal/,
    ],
  },
  'reservation-followup': {
    settings: {
      promo: { pool: 'followup' },
      series: ['other-items', 'promo-code'].map((message) => ({ message, after: 'P1D', validFor })),
    },
    promo: poolOf('followup', 'OTHER-??????'),
    customers: [],
    deeds: offersTo(['boris', 'vera', 'gleb', 'egor', 'kira', 'oleg']),
    seen: [/message reservation-followup followup-2 1 promo-code email accepted/, /run reservation-followup lamp goal/],
  },
  'at-risk': atRisk,
  'new-model': newModel,
  'win-back': winBack,
  lifecycle: {
    settings: lifecycleSettings(),
    promo: poolOf('back', 'BACK-??????'),
    customers: ['faina', 'gera', 'inna', 'kim'],
    deeds: [
      ...['faina', 'gera', 'inna', 'kim'].map((who) => ({ at: placed(day, 1), who, act: ordered(who, 'first') })),
      { at: placed(4 * day, 2), who: 'faina', act: track('faina', 'Order Delivered', { order_id: 'faina-first' }) },
      { at: placed(20 * day, 2), who: 'inna', act: track('inna', 'Order Refunded', { order_id: 'inna-first' }) },
      { at: placed(100 * day, 2), who: 'gera', act: ordered('gera', 'second') },
      { at: placed(200 * day, 2), who: 'kim', act: track('kim', 'Unsubscribed') },
    ],
    seen: [
      /message lifecycle review-request .* accepted/,
      /message lifecycle bigger-promo 1 bigger-promo email accepted/,
      /run lifecycle faina-first completed/,
      /run lifecycle gera-first goal/,
      /run lifecycle inna-first exited:order_returned/,
      /run lifecycle kim-first exited:unsubscribed/,
    ],
  },
};

function poolOf(name: string, pattern: string) {
  return { name, sizes: [{ percent: 5 }], expiry: { after: 'P7D' }, generated: { pattern, ahead: 2 } };
}

function abandonmentSettings() {
  const cascade = presets.dnk?.journeys.abandonment?.cascade;
  const { branches } = abandonment.parse({ cascade });
  for (const { steps } of Object.values(branches)) for (const step of steps) step.validFor = validFor;
  return { cascade, branches };
}

function lifecycleSettings() {
  const { steps } = lifecycle.parse({});
  const promo = { pool: 'back' };
  return {
    enabled: true,
    steps: steps.map((step) => ({ ...step, validFor, ...(step.message.endsWith('promo') && { promo }) })),
  };
}

function welcomeSettings() {
  const { branches } = welcome.parse({});
  for (const steps of Object.values(branches)) for (const step of steps) step.validFor = validFor;
  return { branches, promo: { pool: 'welcome' } };
}

function ordered(who: string, what: string): Deed['act'] {
  const products = [{ product_id: 'rug', quantity: 1, price: 10 }];
  return track(who, 'Order Completed', { order_id: `${who}-${what}`, total: 10, currency: 'RUB', products });
}

/** As the link of the letter that asks. */
function confirms(world: World, who: string): Promise<void> {
  const confirm = (id: string) => world.visit(`/confirm/${messageToken(secret, id, 'y')}`, { method: 'POST' });
  return onLast(world, who, confirm, 'confirm');
}

async function isSent(world: World, who: string): Promise<void> {
  const data = { link: 'https://shop.example/reset' };
  await world.call('POST', '/messages', { customerId: await customerOf(world, who), template: 'password-reset', data });
}

/** All wait for an item that is out. The first does not order; the second does, and cancels; the third is overtaken by the first. */
function queue([first = '', second = '', ...rest]: string[]): Deed[] {
  const item = { product_id: oneOfAKind };
  const products = [{ ...item, quantity: 1, price: 10 }];
  const order = { order_id: 'vase-1', total: 10, currency: 'RUB', products };
  const shop = (at: number, event: string) => ({ at, who: 'shop', act: track('shop', event, item) });
  const join = (who: string, n: number) => ({ at: placed(day + 2 * n, 1), who, act: track(who, 'Queue Joined', item) });
  return [
    shop(placed(day - 1, 5), 'Item Sent To Fitting'),
    ...[first, second, ...rest].map(join),
    shop(placed(2 * day, 2), 'Item Returned'),
    { at: placed(3 * day, 3), who: second, act: track(second, 'Order Completed', order) },
    { at: placed(4 * day, 4), who: second, act: track(second, 'Order Cancelled', { order_id: 'vase-1' }) },
    { at: placed(4 * day + 12, 5), who: first, act: track(first, 'Order Completed', { ...order, order_id: 'vase-2' }) },
    shop(placed(4 * day + 24, 6), 'Item Sold'),
  ];
}

/** Items of the queue that some are offered, one after the other; every third orders something ten hours later. */
function offersTo(customers: readonly string[]): Deed[] {
  return customers.flatMap((who, number): Deed[] => {
    const at = placed(day + (number + 1) * 31, 12);
    const offer = async (world: World) => {
      const item = ['lamp', 'shade'][number % 2] ?? 'lamp';
      const customerId = await customerOf(world, who);
      await world.relay(() => isOffered(world.db, world.clock, customerId, item));
    };
    const orders = { at: at + 600, who, act: ordered(who, 'after-all') };
    return [{ at, who, act: offer }, ...(number % 3 === 2 ? [orders] : [])];
  });
}
