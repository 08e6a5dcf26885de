import type { Contract, MessageFlags } from '#domain/journey.ts';

const marketing: MessageFlags = { kind: 'marketing', obeys: true, counts: true, sale: false, quietHours: true };

/**
 * Item events (J15): who waits for a product hears that it is back in stock, and whose favourite got cheaper hears that; what comes within
 * a while is one message. No event of the customer's starts it: an offer that has become better does (`src/db/wish-news`). Its goal is
 * that the items are bought. Two messages, since one is what the customer asked for, and the other is a sale; where there is both, the
 * one that was asked for goes, and shows what is cheaper below.
 */
export const contract = {
  name: 'item-event',
  title: 'Back in stock, cheaper',
  class: 'item_event',
  topic: 'reminders',
  key: 'none',
  startsOn: [],
  goalOn: ['Order Completed'],
  reentry: { overlap: 'none', once: false },
  blocks: {
    news: { kind: 'message', title: 'What is back in stock or cheaper', next: ['end'] },
    end: { kind: 'end', title: 'End', next: [] },
  },
  messages: { 'back-in-stock': marketing, 'price-drop': { ...marketing, sale: true } },
} as const satisfies Contract;

export type MessageName = keyof typeof contract.messages;
