import type { Contract, MessageFlags } from '#domain/journey.ts';

const marketing: MessageFlags = {
  kind: 'marketing',
  obeys: true,
  counts: true,
  sale: false,
  quietHours: true,
  bestTime: true,
};

/**
 * Reserved but not ordered (J10): who was offered an item of the queue and let it go is shown others, and a day later gets a promo
 * code. The item's queue starts it when the offer is accepted by a channel; the key is the item.
 */
export const contract = {
  name: 'reservation-followup',
  title: 'Reserved but not ordered',
  class: 'abandonment',
  topic: 'reminders',
  key: 'offer',
  startsOn: [],
  goalOn: ['Order Completed'],
  reentry: { overlap: 'none', once: false },
  blocks: {
    'followup-1': { kind: 'message', title: 'Other items', next: ['followup-2', 'end'] },
    'followup-2': { kind: 'message', title: 'A promo code', next: ['end'] },
    end: { kind: 'end', title: 'End', next: [] },
  },
  messages: {
    'other-items': marketing,
    'promo-code': { ...marketing, sale: true, promo: 'gives' },
  },
} as const satisfies Contract;

export type MessageName = keyof typeof contract.messages;
