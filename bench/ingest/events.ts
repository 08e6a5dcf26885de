import { randomUUID } from 'node:crypto';

/** A shop's traffic: mostly known customers looking at things, some carts, a few sign-ins and orders. About 700 bytes. */

export interface Traffic {
  customers: number;
  products: number;
}

const mix: readonly [share: number, make: (pick: Pick) => object][] = [
  [0.52, ({ product }) => ({ type: 'track', event: 'Product Viewed', properties: product })],
  [0.14, ({ product }) => ({ type: 'track', event: 'Product Added', properties: { ...product, quantity: 1 } })],
  [0.16, () => ({ type: 'page', name: 'Home', properties: { title: 'Home', path: '/', referrer: '' } })],
  [0.1, ({ product }) => ({ type: 'track', event: 'Product List Viewed', properties: { category: product.category } })],
  [
    0.05,
    ({ customer }) => ({
      type: 'identify',
      traits: { email: `c${customer}@example.com`, plan: 'gold', name: 'Ann Example' },
    }),
  ],
  [
    0.03,
    ({ product }) => ({
      type: 'track',
      event: 'Order Completed',
      properties: {
        order_id: randomUUID(),
        currency: 'RUB',
        total: product.price,
        products: [{ ...product, quantity: 1 }],
      },
    }),
  ],
];

interface Pick {
  customer: number;
  product: {
    product_id: string;
    sku: string;
    category: string;
    name: string;
    price: number;
    url: string;
    image_url: string;
  };
}

function drawn(roll: number): (pick: Pick) => object {
  let upTo = 0;
  for (const [share, make] of mix) {
    upTo += share;
    if (roll < upTo) return make;
  }
  return () => ({ type: 'page' });
}

/** One call, as a browser library sends it. `type` is taken off where the route says it. */
export function makeCall({ customers, products }: Traffic): { type: string; event?: string } & Record<string, unknown> {
  const customer = Math.floor(Math.random() * customers);
  const id = Math.floor(Math.random() * products);
  const product = {
    product_id: `p${id}`,
    sku: `SKU-${id}`,
    category: `Category ${id % 40}`,
    name: `Wireless headphones, model ${id}`,
    price: 1000 + (id % 900),
    url: `https://shop.example/products/wireless-headphones-${id}`,
    image_url: `https://cdn.shop.example/images/${id}.jpg`,
  };
  const made = drawn(Math.random())({ customer, product });
  const now = new Date().toISOString();
  return {
    ...(made as { type: string }),
    messageId: randomUUID(),
    anonymousId: `a${customer}`,
    ...(customer % 5 === 0 ? {} : { userId: `u${customer}` }),
    timestamp: now,
    sentAt: now,
    context: {
      ip: '203.0.113.7',
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
      page: { url: 'https://shop.example/', path: '/', title: 'Shop' },
      library: { name: 'analytics.js', version: '4.2.0' },
    },
  };
}
