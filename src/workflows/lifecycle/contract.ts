import type { Contract, MessageFlags } from '#domain/journey.ts';

const marketing: MessageFlags = {
  kind: 'marketing',
  obeys: true,
  counts: true,
  sale: false,
  quietHours: true,
  bestTime: true,
};
const gives: MessageFlags = { ...marketing, sale: true, promo: 'gives' };

/**
 * The year after a purchase (J11): what goes with it, a review, the time to top up, news, and codes that grow with the silence.
 * Each order has a run of its own, and is the goal of the run before it. A block is a message, and called like it.
 */
export const contract = {
  name: 'lifecycle',
  title: 'Lifecycle after purchase',
  class: 'lifecycle',
  topic: 'advice',
  key: 'purchase',
  startsOn: ['Order Completed'],
  goalOn: ['Order Completed'],
  exitOn: { 'Order Cancelled': 'order_cancelled', 'Order Refunded': 'order_returned' },
  reentry: { overlap: 'none', once: true },
  offByDefault: true,
  blocks: {
    'cross-sell': {
      kind: 'message',
      title: 'What goes with the order',
      next: ['review-request', 'rest-of-year', 'end'],
    },
    'review-request': { kind: 'message', title: 'How is what was bought?', next: ['top-up', 'rest-of-year', 'end'] },
    'top-up': { kind: 'message', title: 'Time to top up', next: ['news', 'rest-of-year', 'end'] },
    news: { kind: 'message', title: 'News and offers', next: ['small-promo', 'rest-of-year', 'end'] },
    'small-promo': { kind: 'message', title: 'A small promo code', next: ['bigger-promo', 'rest-of-year', 'end'] },
    'bigger-promo': { kind: 'message', title: 'A bigger promo code', next: ['rest-of-year', 'end'] },
    'rest-of-year': { kind: 'wait', title: 'Waits for the rest of the year: an order is the goal', next: ['end'] },
    end: { kind: 'end', title: 'End', next: [] },
  },
  messages: {
    'cross-sell': marketing,
    'review-request': marketing,
    'top-up': marketing,
    news: marketing,
    'small-promo': gives,
    'bigger-promo': gives,
  },
} as const satisfies Contract;

export type MessageName = keyof typeof contract.messages;

/** What a step's time counts from. `delivery`: since it was delivered, where the shop tells of that; else since the order. */
export const countedFrom = ['order', 'delivery'] as const;
