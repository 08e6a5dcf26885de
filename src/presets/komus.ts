import { inSevenDays, rules } from './policies.ts';
import type { Preset } from './preset.ts';
import { welcomeEvery } from './welcome.ts';

export const preset: Preset = {
  name: 'komus',
  title: 'Komus: office supplies for companies and people',
  shop: { name: 'Комус', locale: 'ru' },
  // R1: one marketing message a week, service not counted; lifecycle before item events before abandonment, and mailings
  // only to those who get nothing automated that week.
  policy: { ...rules(inSevenDays(1)), bulkAlone: 'P7D' },
  journeys: {
    // J2: one a week, for companies and people each their own.
    welcome: { branches: welcomeEvery('P7D') },
    abandonment: {
      branches: {
        // A second one could only go a week later, when the cart is old news.
        cart: { idle: 'PT30M', steps: [{ message: 'cart-reminder', after: 'PT0S' }] },
        'expensive-view': { idle: 'PT30M', steps: [{ message: 'view-expensive', after: 'PT0S' }] },
      },
    },
  },
};
