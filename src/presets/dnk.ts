import { aDay, inSevenDays, rules } from './policies.ts';
import type { Preset } from './preset.ts';
import { welcomeEvery } from './welcome.ts';

export const preset: Preset = {
  name: 'dnk',
  title: 'DNK: natural cosmetics, shops and online',
  shop: { name: 'DNK', locale: 'ru', channels: ['email', 'viber', 'sms'] },
  policy: rules(aDay(1), inSevenDays(4)),
  promoPools: [
    {
      name: 'cart',
      sizes: [{ name: 'all', when: [], percent: 10 }],
      // The code must outlive the message that says it is about to end.
      expiry: { after: 'P8D' },
      lowStock: 20,
      generated: { pattern: 'DNK-??????', ahead: 200, most: null },
    },
  ],
  journeys: {
    // One a day would be more than four in a week.
    welcome: { branches: welcomeEvery('P2D') },
    abandonment: {
      // R3: e-mail; not opened → Viber; not delivered → SMS.
      cascade: {
        channels: [
          { channel: 'email', advanceWhen: 'not_opened', after: 'P1D' },
          { channel: 'viber', advanceWhen: 'not_delivered', after: 'PT2H' },
          { channel: 'sms' },
        ],
      },
      promo: { pool: 'cart' },
      branches: {
        cart: {
          idle: 'PT30M',
          steps: [
            { message: 'cart-reminder', after: 'PT0S' },
            { message: 'cart-promo', after: 'P3D' },
            { message: 'cart-promo-expires', after: 'P7D', validFor: 'PT20H' },
          ],
        },
      },
    },
  },
};
