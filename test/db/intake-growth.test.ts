import { expect, test } from 'vitest';
import type { Intake } from '#db/intake.ts';
import { grow, growing, pagesOf, stopAutovacuum } from '#test/support/growth.ts';
import { type Call, testIntake } from '#test/support/intake.ts';

const { url, pool, db, clock, start, event, sourceId } = await testIntake();

/** What of a shop intake asks about. */
const story = (user: string): Call[] => [
  { anonymousId: `${user}-browser`, type: 'page' },
  { anonymousId: `${user}-browser`, event: 'Product Viewed', properties: { product_id: 'p' } },
  { anonymousId: `${user}-browser`, userId: user, type: 'identify', traits: { email: `${user}@example.com` } },
  { userId: user, event: 'Product Added', properties: { product_id: 'p' } },
  { userId: user, event: 'Subscribed', properties: { channel: 'email' } },
  { userId: user, event: 'Order Completed', properties: { order_id: `${user}-order`, total: 5, products: [] } },
  { userId: user, event: 'Order Cancelled', properties: { order_id: `${user}-order` } },
  { userId: user, type: 'page', context: { profile: 'corporate' } },
  {
    userId: user,
    event: 'Order Completed',
    properties: { order_id: `${user}-2`, coupon: 'GROWN1', total: 5, products: [{ product_id: 'p' }] },
  },
  { userId: user, event: 'Order Fulfilled', properties: { order_id: `${user}-2` } },
  { userId: user, event: 'Order Refunded', properties: { order_id: `${user}-2` } },
  { userId: user, event: 'Product Added to Wishlist', properties: { product_id: 'q' } },
  { userId: user, event: 'Queue Joined', properties: { item_id: 'grown1' } },
  { userId: user, event: 'Unsubscribed', properties: { channel: 'email' } },
  { anonymousId: `${user}-phone`, type: 'page' },
  { anonymousId: `${user}-phone`, userId: user, type: 'identify', traits: { phone: '+79990000000' } },
];

const take = async (intake: Intake, user: string) => {
  for (const call of story(user)) await intake.submit(sourceId, [event(call)]);
};

test('a consent and a joining read no more of a shop that has grown, also by plans that were made while there was nothing', async () => {
  await stopAutovacuum(pool);
  const pagesFor = (name: string, then: () => Promise<void>) =>
    // All of it: what a connection has read is put down once a second, or when it ends.
    pagesOf(pool, async () => {
      const intake = start();
      for (let n = 0; n < 5; n++) await take(intake, `${name}-first-${n}`);
      await then();
      for (let n = 0; n < 5; n++) await take(intake, `${name}-${n}`);
      await intake.close();
    });
  const empty = await pagesFor('early', async () => {});
  const grown = await pagesFor('late', () => grow({ url, db }, 10_000, clock.at));
  for (const table of ['suppressions', 'identity_conflicts']) {
    expect(empty[table]).toBeGreaterThan(0);
    expect(growing(empty, grown)).not.toContain(table);
  }
});
