import type { Contract, MessageFlags } from '#domain/journey.ts';

const marketing: MessageFlags = {
  kind: 'marketing',
  obeys: true,
  counts: true,
  sale: false,
  quietHours: true,
  bestTime: true,
};
const sale: MessageFlags = { ...marketing, sale: true };

/** One journey instead of three (J3): per customer and profile it watches cart, favourites, views and visits,
 *  and speaks of the strongest intent that is still true. */
export const contract = {
  name: 'abandonment',
  title: 'Abandonment: cart, favourites, views, visits',
  class: 'abandonment',
  topic: 'reminders',
  key: 'profile',
  startsOn: [
    'Product Added',
    'Cart Viewed',
    'Checkout Started',
    'Product Added to Wishlist',
    'Product Viewed',
    'Product List Viewed',
    'page',
    'screen',
  ],
  goalOn: ['Order Completed'],
  firstAtOnce: true,
  reentry: { overlap: 'none', once: false },
  blocks: {
    idle: {
      kind: 'wait',
      title: 'Waits until the customer has left',
      next: ['cart-1', 'favourites-1', 'expensive-view-1', 'view-1', 'category-1', 'visit-1', 'end'],
    },
    'cart-1': { kind: 'message', title: 'Cart, first message', next: ['cart-2', 'end'] },
    'cart-2': { kind: 'message', title: 'Cart, second message', next: ['cart-3', 'end'] },
    'cart-3': { kind: 'message', title: 'Cart, third message', next: ['cart-4', 'end'] },
    'cart-4': { kind: 'message', title: 'Cart, last message', next: ['end'] },
    'favourites-1': { kind: 'message', title: 'Favourites', next: ['favourites-2', 'end'] },
    'favourites-2': { kind: 'message', title: 'Favourites, alternatives', next: ['end'] },
    'expensive-view-1': { kind: 'message', title: 'Expensive view', next: ['expensive-view-2', 'end'] },
    'expensive-view-2': { kind: 'message', title: 'Expensive view, alternatives', next: ['end'] },
    'view-1': { kind: 'message', title: 'Product view', next: ['view-2', 'end'] },
    'view-2': { kind: 'message', title: 'Product view, alternatives', next: ['end'] },
    'category-1': { kind: 'message', title: 'Category', next: ['end'] },
    'visit-1': { kind: 'message', title: 'Visited, opened nothing', next: ['end'] },
    end: { kind: 'end', title: 'End', next: [] },
  },
  messages: {
    'cart-reminder': marketing,
    'cart-still-here': marketing,
    'cart-questions': marketing,
    'cart-last-call': marketing,
    'company-cart': marketing,
    'cart-promo': { ...sale, promo: 'gives' },
    'cart-promo-expires': { ...sale, promo: 'reminds' },
    favourites: marketing,
    'favourites-alternatives': marketing,
    view: marketing,
    'view-alternatives': marketing,
    'view-expensive': marketing,
    category: marketing,
    'latest-updates': marketing,
    'pick-a-category': marketing,
  },
} as const satisfies Contract;

export type MessageName = keyof typeof contract.messages;
export type BlockName = keyof typeof contract.blocks;
