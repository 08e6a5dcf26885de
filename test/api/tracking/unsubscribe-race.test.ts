import { expect, test } from 'vitest';
import { deliver } from '#activities/deliver.ts';
import type { ActivityDeps } from '#activities/deps.ts';
import { enter } from '#activities/enter.ts';
import { saveSettings } from '#db/settings.ts';
import type { DeliverRequest, Next } from '#domain/journey.ts';
import { defaultShop } from '#domain/shop.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { messageToken } from '#rendering/tokens.ts';
import { manualClock, seedCart } from '#test/support/cart.ts';
import { freshDatabase } from '#test/support/database.ts';
import { gateway, newMessage, secret, sentAt } from './support.ts';

const { db } = await freshDatabase();
const { url } = await gateway(db);
const clock = manualClock(sentAt);
const submitted: string[] = [];
const deps: ActivityDeps = {
  db,
  clock,
  channels: {
    email: {
      name: 'email',
      provider: 'test',
      submit: async ({ id }) => {
        submitted.push(id);
        return { result: 'accepted', providerId: id };
      },
      close: async () => {},
    },
  },
  renderer: await createRenderer(),
  publicUrl: url,
  secret,
  log: { info() {}, warn() {} },
};
await saveSettings(db, 'shop', { ...defaultShop, quietHours: { from: '00:00', to: '00:00' } }, 'test', sentAt);

/** A run whose first cart message is due, of a customer who holds an earlier letter. */
async function dueCart(): Promise<{
  ask: (ask: number, next: Next | null) => DeliverRequest;
  next: Next;
  link: string;
}> {
  clock.set(sentAt);
  const entry = await seedCart(db, sentAt);
  const answer = await enter(deps, entry);
  if (!answer.entered) throw new Error(answer.outcome);
  clock.set(answer.next.due);
  const { runId, next } = answer;
  const { journey, customerId, key } = entry;
  const letter = await newMessage(db, customerId, { block: 'earlier', class: 'service', counts: false });
  return {
    next,
    link: `${url}/u/${messageToken(secret, letter.id, 'u')}`,
    ask: (ask, due) => {
      const { block, iteration } = due ?? next;
      return { runId, journey, customerId, key, ask, block, iteration, channel: 'email' };
    },
  };
}

const oneClick = (link: string) =>
  fetch(link, { method: 'POST', body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }) });

test.each([
  ['the answer came first', 1, [0]],
  ['the letter was on its way first', 1, [1]],
  ['both come at once', 30, [0, 1]],
])('a letter is on its way before the unsubscribing commits, or never: %s', async (order, rounds, possible) => {
  for (let round = 0; round < rounds; round += 1) {
    const { ask, next, link } = await dueCart();
    submitted.length = 0;
    const answer = order === 'the letter was on its way first' ? null : oneClick(link);
    if (order === 'the answer came first') await answer;
    const { next: later } = await deliver(deps, ask(1, next));
    expect((await (answer ?? oneClick(link))).status).toBe(200);
    expect(possible).toContain(submitted.length);

    const sent = submitted.length;
    clock.set(later?.due ?? clock.now());
    await deliver(deps, ask(2, later));
    expect(submitted).toHaveLength(sent);
  }
  const open = await db.selectFrom('messages').select('id').where('state', 'in', ['reserved', 'submitting']).execute();
  expect(open).toEqual([]);
});
