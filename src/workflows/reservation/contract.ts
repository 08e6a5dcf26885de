import type { Contract, MessageFlags } from '#domain/journey.ts';

/** Under no cap, but not at night: each of them shows goods to look at, and none of them is worth being woken for. */
const service: MessageFlags = { kind: 'service', obeys: false, counts: false, sale: false, quietHours: true };

/** The queue of an item that exists once (J9). Its run is the item's; many customers wait in it. */
export const contract = {
  name: 'reservation',
  title: 'Reservation queue of an item',
  class: 'service',
  topic: 'reminders',
  key: 'item',
  startsOn: [
    'Queue Joined',
    'Queue Left',
    'Item Sent To Fitting',
    'Item Returned',
    'Order Completed',
    'Order Cancelled',
    'Order Refunded',
  ],
  goalOn: ['Item Sold'],
  reentry: { overlap: 'none', once: false },
  blocks: {
    queue: { kind: 'wait', title: 'Waits in the queue', next: ['offer', 'item-sold', 'end'] },
    offer: { kind: 'message', title: 'The item is back: offered', next: ['hold', 'overtaken', 'queue', 'end'] },
    hold: { kind: 'wait', title: 'The item is kept for them', next: ['hold-cancelled', 'overtaken', 'queue', 'end'] },
    'hold-cancelled': { kind: 'message', title: 'Not ordered in time: cancelled', next: ['end'] },
    overtaken: { kind: 'message', title: 'Somebody else has ordered it', next: ['end'] },
    'item-sold': { kind: 'message', title: 'Sold', next: ['end'] },
    end: { kind: 'end', title: 'End', next: [] },
  },
  messages: { offer: service, 'hold-cancelled': service, overtaken: service, 'item-sold': service },
} as const satisfies Contract;

export type MessageName = keyof typeof contract.messages;
