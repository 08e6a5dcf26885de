import { expect } from 'vitest';
import { defaultShop } from '#domain/shop.ts';
import { type JourneyName, journeyNames } from '#workflows/catalogue.ts';
import type { Plant } from './plant.ts';
import { queuedItems } from './queuers.ts';

export const goods = ['lamp', 'chair', 'table', 'shelf', 'rug'];

/** The others are off: some of their runs wait for months, which nobody waits for here. */
const played = new Set<JourneyName>(['abandonment', 'reservation']);

async function put(plant: Plant, path: string, value: object): Promise<void> {
  const headers = { authorization: `Bearer ${plant.apiKey}`, 'content-type': 'application/json' };
  const answer = await fetch(`${plant.url}/api/v1${path}`, { method: 'PUT', headers, body: JSON.stringify(value) });
  expect(answer.status, await answer.text()).toBe(200);
}

/** Nothing holds a message up or drops it for being late: what is late here is late because of us. */
export async function prepareShop(plant: Plant): Promise<void> {
  const set = (path: string, value: object) => put(plant, path, value);
  await set('/settings/shop', { ...defaultShop, quietHours: { from: '00:00', to: '00:00' } });
  await set('/settings/policy', { rules: [] });
  const steps = ['cart-reminder', 'cart-still-here', 'cart-questions', 'cart-last-call'];
  const cart = { idle: 'PT30M', steps: steps.map((message) => ({ message, after: 'PT3H', validFor: 'P30D' })) };
  await set('/journeys/abandonment/settings', { entryValidFor: 'P30D', repeatAfter: 'PT1M', branches: { cart } });
  await set('/journeys/reservation/settings', { holdFor: 'PT4H', channels: ['email'] });
  for (const name of journeyNames.filter((one) => !played.has(one)))
    await set(`/journeys/${name}/settings`, { enabled: false });
  const price = { amount: 100_000, currency: 'RUB' };
  const product = (id: string) => ({
    id,
    name: `Product ${id}`,
    url: `https://shop.example/${id}`,
    category: 'Lamps',
    offers: [{ price, stock: 5 }],
  });
  await set('/products', { items: [...goods, ...queuedItems].map(product) });
}
