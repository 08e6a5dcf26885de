import type { OrderNews } from '#domain/order-state.ts';
import type { Table } from './intake-tables.ts';

/** What the buyer is told of a step of an order: the first word on it stays. Rows come sorted by key. */
export const orderStates: Table<OrderNews> = {
  name: 'order_states',
  columns: {
    order_id: { type: 'text', of: (row) => row.orderId },
    state: { type: 'text', of: (row) => row.step },
    customer_id: { type: 'uuid', of: (row) => row.customerId },
    profile: { type: 'text', of: (row) => row.profile },
    at: { type: 'timestamptz', of: (row) => row.at },
    details: { type: 'text', cast: 'jsonb', of: (row) => JSON.stringify(row.details) },
  },
  text: `insert into order_states (order_id, state, customer_id, profile, at, details)
    select order_id, state, customer_id, profile, at, details from rows on conflict do nothing`,
};
