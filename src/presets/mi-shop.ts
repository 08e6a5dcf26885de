import { aDay, rules } from './policies.ts';
import type { Preset, Schemas } from './preset.ts';

// R3: push only if there was no action in the e-mail.
const cascade: NonNullable<Schemas['abandonment']['_zod']['input']['cascade']> = {
  channels: [
    { channel: 'email', advanceWhen: 'not_clicked', after: 'PT4H' },
    { channel: 'web_push', advanceWhen: 'not_delivered', after: 'PT1H' },
    { channel: 'app_push' },
  ],
};

export const preset: Preset = {
  name: 'mi-shop',
  title: 'mi-shop: Xiaomi stores',
  shop: { name: 'mi-shop', locale: 'ru', channels: ['email', 'web_push', 'app_push'] },
  // R2: sale at most one in four.
  policy: { ...rules(aDay(1)), sale: { max: 1, of: 4 } },
  journeys: {
    // J16: goods that go with it in the confirmation of an order.
    'order-confirmation': { enabled: true },
    // J14: a large household uses up more. Reminded once, a week later.
    replenishment: {
      consumables: { categories: ['Фильтры', 'Аксессуары для уборки', 'Батарейки'] },
      fallback: 'P90D',
      household: { trait: 'householdSize', usual: 2, exponent: 0.7 },
      series: [
        { message: 'running-out', after: 'PT0S', validFor: 'P7D' },
        { message: 'run-out', after: 'P7D', validFor: 'P3D' },
      ],
    },
    // J15: what they wait for and what they like.
    'item-event': { cascade },
    abandonment: {
      cascade,
      // J6: from 30,000 ₽ on.
      expensiveFrom: 3_000_000,
      branches: {
        // J4: up to four messages, at one a day.
        cart: {
          idle: 'PT30M',
          steps: [
            { message: 'cart-reminder', after: 'PT0S' },
            { message: 'cart-still-here', after: 'P1D' },
            { message: 'cart-questions', after: 'P2D' },
            { message: 'cart-last-call', after: 'P3D' },
          ],
        },
        // J5: a second message with alternatives.
        favourites: {
          idle: 'PT30M',
          steps: [
            { message: 'favourites', after: 'PT0S' },
            { message: 'favourites-alternatives', after: 'P1D' },
          ],
        },
        view: {
          idle: 'PT30M',
          steps: [
            { message: 'view', after: 'PT0S' },
            { message: 'view-alternatives', after: 'P1D' },
          ],
        },
        // Their version of J7: "let's try again".
        visit: { idle: 'PT30M', steps: [{ message: 'pick-a-category', after: 'PT0S' }] },
      },
    },
  },
};
