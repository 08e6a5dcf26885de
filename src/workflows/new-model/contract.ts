import type { Contract } from '#domain/journey.ts';

/**
 * A new model (J15, J17; the electronics retailer's yearly message): who owns a product hears of the one that takes its place, once it is
 * presented, and of no more than one of a line in a year. The key is the new product.
 */
export const contract = {
  name: 'new-model',
  title: 'A new model',
  class: 'lifecycle',
  topic: 'novelties',
  key: 'offer',
  startsOn: [],
  startsOnModel: true,
  goalOn: ['Order Completed'],
  reentry: { overlap: 'none', once: true },
  offByDefault: true,
  blocks: {
    'new-model': { kind: 'message', title: 'The model that takes the place of theirs', next: ['end'] },
    end: { kind: 'end', title: 'End', next: [] },
  },
  messages: {
    'new-model': { kind: 'marketing', obeys: true, counts: true, sale: false, quietHours: true, bestTime: true },
  },
} as const satisfies Contract;
