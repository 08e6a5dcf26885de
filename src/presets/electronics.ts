import { aDay, inSevenDays, rules } from './policies.ts';
import type { Preset } from './preset.ts';
import { welcomeEvery } from './welcome.ts';

export const preset: Preset = {
  name: 'electronics',
  title: 'Electronics retailer',
  shop: { name: 'Electronics', locale: 'ru', channels: ['email', 'web_push', 'whatsapp', 'sms'] },
  policy: rules(aDay(1), inSevenDays(4)),
  journeys: {
    // Once a year, when a new model is presented, to owners of the old one.
    'new-model': { enabled: true },
    // J16: goods that go with it in the confirmation of an order.
    'order-confirmation': { enabled: true },
    // One a day would be more than four in a week.
    welcome: { branches: welcomeEvery('P2D') },
    abandonment: {
      // R3: the cheapest first; without an interaction the dearer one, until there is one.
      cascade: {
        order: 'auto',
        channels: [
          { channel: 'web_push', advanceWhen: 'not_opened', after: 'PT6H' },
          { channel: 'email', advanceWhen: 'not_opened', after: 'PT6H' },
          { channel: 'whatsapp', advanceWhen: 'not_opened', after: 'PT6H' },
          { channel: 'sms', advanceWhen: 'not_opened', after: 'PT6H' },
        ],
      },
      branches: {
        // One a day at most, so that no step is put off by the one before it.
        cart: {
          idle: 'PT30M',
          steps: [
            { message: 'cart-reminder', after: 'PT0S' },
            { message: 'cart-questions', after: 'P1D' },
            { message: 'cart-last-call', after: 'P3D' },
          ],
        },
      },
    },
  },
};
