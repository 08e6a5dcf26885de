import type { Contract, MessageFlags } from '#domain/journey.ts';

const service: MessageFlags = { kind: 'service', obeys: false, counts: false, sale: false, quietHours: false };

/** The buyer is told that their order was taken, and what becomes of it: a run for each step of an order, each once (J16). */
export const contract = {
  name: 'order-confirmation',
  title: 'Order: confirmation and what becomes of it',
  class: 'service',
  topic: 'advice',
  key: 'order',
  startsOn: [
    'Order Completed',
    'Order Shipped',
    'Order Fulfilled',
    'Order Ready for Pickup',
    'Order Delivered',
    'Order Cancelled',
    'Order Refunded',
  ],
  goalOn: [],
  reentry: { overlap: 'none', once: true },
  offByDefault: true,
  blocks: {
    placed: { kind: 'message', title: 'The order was taken', next: ['end'] },
    shipped: { kind: 'message', title: 'It is on its way', next: ['end'] },
    ready: { kind: 'message', title: 'It can be picked up', next: ['end'] },
    delivered: { kind: 'message', title: 'It was delivered', next: ['end'] },
    cancelled: { kind: 'message', title: 'It was cancelled', next: ['end'] },
    refunded: { kind: 'message', title: 'It was refunded', next: ['end'] },
    end: { kind: 'end', title: 'End', next: [] },
  },
  messages: {
    'order-confirmed': service,
    'order-shipped': service,
    'order-ready': service,
    'order-delivered': service,
    'order-cancelled': service,
    'order-refunded': service,
  },
} as const satisfies Contract;
