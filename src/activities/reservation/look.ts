import type { ActivityDeps } from '#activities/deps.ts';
import type { Trx } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import { addressesOf } from '#db/queue/notices.ts';
import { type QueueRead, type QueueUnderLock, type Standing, underQueueLock } from '#db/queue/read.ts';
import { writeQueue } from '#db/queue/write.ts';
import type { PipelinedTrx } from '#db/transaction.ts';
import { channelFacts } from '#domain/channels.ts';
import { workflowId } from '#domain/ids.ts';
import { QueueTurn } from '#domain/item-queue.ts';
import type { ItemNews, Queue } from '#domain/item-queue-state.ts';
import type { ChannelName } from '#domain/journey.ts';
import type { LookAnswer, LookRequest, QueueAnswer, QueueAsk } from '#domain/queue-run.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { type Looked, looked } from './looked.ts';
import { type Prepared, settingsOf } from './settings.ts';
import { noticesOf, writesOf } from './writes.ts';

/**
 * One look at an item's queue (J9), under the item's lock: takes in what was said, ends what is over, offers the item to whoever
 * is next, and says whom to tell what and when to look again. What it writes is the queue; asked again after a crash it finds
 * that written, and answers alike.
 */
export async function lookAtQueue(deps: ActivityDeps, request: LookRequest): Promise<LookAnswer> {
  await deps.reached?.('before_reserve');
  const { journey, itemId, asks } = request;
  const customerIds = asks.map(({ customerId }) => customerId);
  const asked = { itemId, journey, workflowId: workflowId(journey, itemId), customerIds };
  const answer = await underQueueLock(deps.db, asked, (trx, read) => lookUnderLock(deps, trx, request, read));
  await deps.reached?.('recorded');
  return answer;
}

async function lookUnderLock(
  deps: ActivityDeps,
  trx: PipelinedTrx,
  request: LookRequest,
  { standing, queue }: QueueUnderLock,
): Promise<LookAnswer> {
  const { journey, itemId, asks, stop } = request;
  const workflow = workflowId(journey, itemId);
  // Whoever had the lock before may have written since it was asked for.
  const at = deps.clock.now();
  const now = at.getTime();
  const settings = settingsOf(queue.settings);
  const { scale } = deps.clock.time;
  const makeId = () => newId(at);
  const turn = new QueueTurn(asQueue(queue, scale), { ...settings, enabled: settings.raw.enabled }, makeId);
  turn.hear(queue.news.filter((news) => canBeHeard(news, standing)));
  turn.settle(now);
  for (const one of asks) if (isThere(one, standing)) turn.ask(one.do, one.customerId, now);
  if (stop) turn.dissolve('stopped');
  else turn.settle(now);
  const channels = await channelsOf(trx, turn, settings, queue);
  const found = looked({ at, scale, queue, turn, settings, workflow, request, channels }, makeId);
  await writeQueue(trx, writesOf(found));
  return answerOf(found, standing);
}

function asQueue(read: QueueRead, scale: number): Queue {
  const { item, places, gone } = read;
  return { item, places, hold: holdOf(read, scale), gone: new Map(gone) };
}

/** Leases are wall time. */
function holdOf({ hold, notices }: QueueRead, scale: number): Queue['hold'] {
  if (hold === null) return null;
  const open = notices.filter(({ holdId, message }) => holdId === hold.id && message === 'offer');
  const due = open.length === 0 ? null : Math.max(...open.map((notice) => notice.due));
  const { submittingMs, ...rest } = hold;
  return { ...rest, offer: { due, submittingMs: submittingMs * scale } };
}

/** Who was erased, or is somebody else by now, joins no queue. */
function canBeHeard({ what, customerId }: ItemNews, standing: Standing): boolean {
  if (what !== 'joined') return true;
  const customer = customerId === null ? undefined : standing.get(customerId);
  return customer !== undefined && !customer.isErased && customer.mergedInto === null;
}

function isThere({ customerId }: QueueAsk, standing: Standing): boolean {
  const customer = standing.get(customerId);
  return customer !== undefined && !customer.isErased && customer.mergedInto === null;
}

/** The channels by which each of those can be told who are to be; all that the shop has, where nothing is known of them: the
 *  decision ledger then says why nothing went. */
async function channelsOf(
  trx: Trx,
  turn: QueueTurn,
  { raw }: Prepared,
  { shop }: QueueRead,
): Promise<Looked['channels']> {
  const { channels: used }: ShopSettings = { ...defaultShop, ...(shop as Partial<ShopSettings> | null) };
  const common = raw.channels.filter((channel) => used.includes(channel));
  const all = common.length > 0 ? common : raw.channels.slice(0, 1);
  const { tell } = turn.changes;
  if (tell.length === 0 || all.length === 1) return () => all;
  const known = await addressesOf(
    trx,
    tell.map(({ place }) => place.customerId),
  );
  return (customerId) => {
    const has = known.get(customerId) ?? [];
    const reached = all.filter((channel) => has.includes(addressKindOf(channel)));
    return reached.length > 0 ? reached : all;
  };
}

function addressKindOf(channel: ChannelName): string {
  const { address } = channelFacts[channel];
  return address === 'device' ? channel : address;
}

function answerOf(found: Looked, standing: Standing): LookAnswer {
  const { turn, request, story, outcome, wake, runId } = found;
  const { hold } = turn;
  const holder = turn.places.find(({ id }) => id === hold?.placeId);
  return {
    runId,
    answers: request.asks.map((one) => answerTo(one, turn, standing)),
    state: turn.state,
    hold: hold === null || holder === undefined ? null : { customerId: holder.customerId, until: hold.until },
    waiting: turn.places.filter((place) => place !== holder).map(({ customerId }) => customerId),
    notices: noticesOf(found),
    wake,
    outcome,
    story,
  };
}

function answerTo({ customerId }: QueueAsk, turn: QueueTurn, standing: Standing): QueueAnswer {
  const customer = standing.get(customerId);
  if (customer === undefined || customer.isErased) return { result: 'erased' };
  if (customer.mergedInto !== null) return { result: 'merged', into: customer.mergedInto };
  const position = turn.positionOf(customerId);
  return { result: 'ok', position, state: turn.state, until: position === 0 ? (turn.hold?.until ?? null) : null };
}
