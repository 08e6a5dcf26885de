import type { Mail } from './mail.ts';
import type { System } from './system.ts';

export interface TestCustomer {
  id: string;
  email: string;
  customerId: string;
  mails(): Promise<Mail[]>;
  /** Names of the messages in the ledger, oldest first. */
  templates(): Promise<string[]>;
  acceptedAt(): Promise<Date[]>;
  /** `block decision reason`, oldest first. */
  decisions(): Promise<string[]>;
  /** How the newest run ended. */
  outcome(): Promise<string | null>;
}

let count = 0;

/** Customers with an e-mail address, and a look at what became of them: through the open API where it tells. */
export function customers(system: System) {
  return async (traits: object = {}): Promise<TestCustomer> => {
    const id = `customer-${++count}`;
    const email = `${id}@example.com`;
    await system.identify(id, { email, ...traits });
    const found = await system.call('GET', `/customers?email=${email}`);
    const customerId: string = found.body.items[0].id;
    const messages = async () =>
      (await system.call('GET', `/messages?customerId=${customerId}`)).body.items.toReversed();
    return {
      id,
      email,
      customerId,
      mails: () => system.inbox(email),
      templates: async () => (await messages()).map((message: { template: string }) => message.template),
      acceptedAt: async () => (await messages()).map((message: { acceptedAt: string }) => new Date(message.acceptedAt)),
      decisions: async () => {
        const { body } = await system.call('GET', `/customers/${customerId}/decisions`);
        const said = (row: { step: string; decision: string; reason: string }) =>
          `${row.step} ${row.decision} ${row.reason}`;
        return body.items.toReversed().map(said);
      },
      outcome: async () => {
        const runs = system.db.selectFrom('runs').select('outcome').where('customer_id', '=', customerId);
        return (await runs.orderBy('entered_at', 'desc').executeTakeFirst())?.outcome ?? null;
      },
    };
  };
}

export function orderOf(...products: string[]) {
  return {
    order_id: `order-${++count}`,
    total: 10,
    currency: 'RUB',
    products: products.map((product_id) => ({ product_id, quantity: 1, price: 10 })),
  };
}
