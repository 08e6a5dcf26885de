import type { Variable, Variables } from '#domain/template-variables.ts';

const rub = (amount: number) => ({ amount, currency: 'RUB' });
const text = (example: string): Variable => ({ type: 'text', optional: true, example });

const lines: Variable = {
  type: 'goods',
  optional: true,
  example: [
    {
      id: 'kettle',
      name: 'Kettle',
      url: 'https://shop.example/p/kettle',
      imageUrl: 'https://shop.example/images/kettle.jpg',
      price: rub(249_900),
      oldPrice: null,
      quantity: 1,
    },
  ],
};

const fields: Variables = {
  number: { type: 'text', example: '1001' },
  url: { type: 'url', optional: true, example: 'https://shop.example/orders/1001' },
  lines,
  total: { type: 'money', optional: true, example: rub(259_900) },
  discount: { type: 'money', optional: true, example: rub(10_000) },
  delivery: {
    type: 'object',
    optional: true,
    example: { method: 'Courier', address: '1 Example Street, Example City', price: rub(20_000), date: '2 December' },
    fields: {
      method: text('Courier'),
      address: text('1 Example Street, Example City'),
      price: { type: 'money', optional: true, example: rub(20_000) },
      date: text('2 December'),
    },
  },
  tracking: {
    type: 'object',
    optional: true,
    example: { number: 'RA123456789RU', url: 'https://post.example/track/RA123456789RU', carrier: 'Post' },
    fields: {
      number: text('RA123456789RU'),
      url: { type: 'url', optional: true, example: 'https://post.example/track/RA123456789RU' },
      carrier: text('Post'),
    },
  },
  pickup: {
    type: 'object',
    optional: true,
    example: { address: '2 Example Square, Example City', until: '9 December' },
    fields: { address: text('2 Example Square, Example City'), until: text('9 December') },
  },
  refund: { type: 'money', optional: true, example: rub(249_900) },
};

const example = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.example]));

/** What each message knows of the order, whether an event or a call of the open API tells it. */
export const order: Variable = { type: 'object', example, fields };

export const variables: Record<string, Variables> = {
  'order-confirmed': { order },
  'order-shipped': { order },
  'order-ready': { order },
  'order-delivered': { order },
  'order-cancelled': { order },
  'order-refunded': { order },
};
