import { z } from 'zod';
import type { ApiDeps } from '#api/deps.ts';
import { Problem } from '#api/problems.ts';
import { askQueue, queueJourney } from '#api/queue.ts';
import { isKnownProduct } from '#db/queue/items.ts';
import { readQueue } from '#db/queue/read.ts';
import { workflowId } from '#domain/ids.ts';
import { asTurn } from '#domain/item-queue.ts';
import type { QueueAsk } from '#domain/queue-run.ts';
import { living } from './customers.ts';
import { route } from './route.ts';
import { item, itemParams, queueAnswer, queueInput, queueList } from './schemas/items.ts';

const tag = 'Items';

const read = route({
  method: 'get',
  path: '/items/{id}',
  tag,
  summary: 'An item that exists once: where it is, for whom it is kept and how long, who waits',
  params: itemParams,
  answer: item,
  problems: ['item_not_found'],
  async handle({ params: { id }, deps }) {
    const { state, holder, until, waiting } = await queueOf(deps, id);
    const secondsLeft = until === null ? null : Math.max(0, Math.ceil((until - deps.clock.now().getTime()) / 1000));
    const queue = waiting.map(({ customerId }) => customerId);
    return { id, state, holder, until: dateOrNull(until), secondsLeft, queue };
  },
});

const list = route({
  method: 'get',
  path: '/items/{id}/queue',
  tag,
  summary: 'Who waits for an item, the next one first',
  params: itemParams,
  answer: queueList,
  problems: ['item_not_found'],
  async handle({ params: { id }, deps }) {
    const { waiting } = await queueOf(deps, id);
    const items = waiting.map(({ customerId, joinedAt }, place) => ({
      position: place + 1,
      customerId,
      joinedAt: new Date(joinedAt),
    }));
    return { items, next: null };
  },
});

const problems = ['customer_not_found', 'customer_erased', 'queue_unavailable'] as const;

const join = route({
  method: 'post',
  path: '/items/{id}/queue',
  tag,
  summary: 'Puts a customer into the queue of an item, and answers their position',
  description:
    'Asked again, it answers the position that they have. An item that nothing is known of is on a fitting. A position is null where the ' +
    'item was sold. `Queue Joined` of the tracking API does the same, without an answer.',
  params: itemParams,
  body: queueInput,
  example: { customerId: '0197c6d2-7c1a-7d0e-9a52-1c9f7a3b5d10' },
  answer: queueAnswer,
  problems,
  handle: ({ params, body, deps }) => ask(deps, params.id, 'join', body.customerId),
});

const leave = route({
  method: 'delete',
  path: '/items/{id}/queue/{customerId}',
  tag,
  summary: 'Takes a customer out of the queue; an item that was kept for them goes to the next',
  params: itemParams.extend({ customerId: z.uuid() }),
  answer: queueAnswer,
  problems,
  handle: ({ params, deps }) => ask(deps, params.id, 'leave', params.customerId),
});

async function ask(deps: ApiDeps, itemId: string, what: QueueAsk['do'], customer: string) {
  const { id: customerId } = await living(deps, customer);
  const answer = await askQueue(deps, itemId, { do: what, customerId });
  if (answer.result !== 'ok') throw new Problem('customer_erased');
  const { position, state, until } = answer;
  return { itemId, customerId, position, state, until: dateOrNull(until) };
}

const dateOrNull = (instant: number | null) => (instant === null ? null : new Date(instant));

/** With what was said and its workflow has not taken in yet. */
async function queueOf({ db }: ApiDeps, itemId: string) {
  const request = { itemId, journey: queueJourney, workflowId: workflowId(queueJourney, itemId), customerIds: [] };
  const found = await readQueue(db, request);
  if (found === null) {
    if (!(await isKnownProduct(db, itemId))) throw new Problem('item_not_found');
    return { state: 'free' as const, holder: null, until: null, waiting: [] };
  }
  const turn = asTurn(found);
  turn.hear(found.news);
  const holder = turn.places.find(({ id }) => id === turn.hold?.placeId);
  const waiting = turn.places.filter((place) => place !== holder);
  return { state: turn.state, holder: holder?.customerId ?? null, until: turn.hold?.until ?? null, waiting };
}

export const itemRoutes = [read, list, join, leave];
