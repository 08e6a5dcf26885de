import { line, lines, nothing, untrue } from '#activities/content.ts';
import type { Became, Settled, Teller, Telling } from '#activities/teller.ts';
import type { Db, Trx } from '#db/connect.ts';
import { putOutbox } from '#db/outbox.ts';
import { inOrder } from '#db/pipeline.ts';
import { acceptHold, readNotice, settleNotice } from '#db/queue/notices.ts';
import { lockItem } from '#db/queue/read.ts';
import { itemGood, versionOfRun } from '#db/queue/run.ts';
import { recommend } from '#db/recommend/recommend.ts';
import { newestSettings } from '#db/remembered.ts';
import { workflowId } from '#domain/ids.ts';
import type { TellRequest } from '#domain/telling.ts';
import { contract, type MessageName } from '#workflows/reservation/contract.ts';
import type { Settings } from '#workflows/reservation/settings.ts';
import { settings as followUpSettings } from '#workflows/reservation-followup/settings.ts';
import { settingsOf } from './settings.ts';

/** What follows a hold that is not used within a day (J10). */
const followUp = 'reservation-followup';

/** What the queue tells people (J9). The ref of a request is the notice's id. */
export const teller: Teller = { contract, whom, compose, settle };

async function whom(db: Db, { ref }: TellRequest): Promise<string | null> {
  const notice = await readNotice(db, ref);
  return notice === null || notice.isErased ? null : notice.customerId;
}

/** The item itself is named whether it can be bought or not: it is out, or somebody else's. */
async function compose(trx: Trx, telling: Telling) {
  const { request, facts, shop } = telling;
  const { ref, key, runId } = request;
  const [notice, good, version] = await inOrder([
    readNotice(trx, ref),
    itemGood(trx, key, facts.customer.region),
    versionOfRun(trx, runId),
  ]);
  if (notice === null || notice.isDone || (notice.message === 'offer' && !notice.isHeld)) return untrue('not_held');
  const { raw, holdForMs } = settingsOf(version);
  const data = { hours: Math.round(holdForMs / 3_600_000), inCatalogue: good !== null };
  const goods = [
    line(good ?? { ...unheardOf, id: request.key, name: request.key, url: shop.url, currency: shop.currency }),
  ];
  return { ...nothing, goods, data, more: await suggestions(trx, telling, raw) };
}

/** The shop has not told its catalogue. */
const unheardOf = { imageUrl: null, category: null, price: 0, oldPrice: null };

/** In place of what they wait for: nothing where they can have it, novelties where they let it go, else the like of it. */
async function suggestions(trx: Trx, { request, facts, shop, now }: Telling, { novelties, similar }: Settings) {
  const message = request.message as MessageName;
  if (message === 'offer') return [];
  const wish = message === 'hold-cancelled' ? novelties : similar;
  const { runId, block, iteration, customerId, key } = request;
  const contact = { runId, block, iteration };
  const about = { about: [key], exclude: [key], seed: `${runId} ${block} ${iteration}`, contact };
  return lines(
    await recommend(trx, { customerId, region: facts.customer.region, shop, at: now }, { ...wish, ...about }),
  );
}

async function settle(trx: Trx, request: TellRequest, became: Became): Promise<Settled> {
  const { ref: noticeId, runId, key, message } = request;
  // Before the item's rows are touched: who looks at the queue has its lock.
  const locked = lockItem(trx, key);
  const isPutOff = became.result === 'deferred';
  const until = isPutOff ? became.until : null;
  const result = isPutOff ? null : became.result === 'told' ? 'told' : became.reason;
  const settled = settleNotice(trx, { noticeId, runId, at: became.at, result, until });
  if (message !== 'offer' || became.result !== 'told') {
    await inOrder([locked, settled]);
    return nothingFollows;
  }
  const [, , version] = await inOrder([locked, settled, versionOfRun(trx, runId)]);
  return accept(trx, request, became.at, settingsOf(version).holdForMs);
}

const nothingFollows: Settled = { outbox: [], next: null };

/** The hold lasts from the first acceptance on, and from then on J10 waits for its day. */
async function accept(trx: Trx, { ref, runId, key }: TellRequest, at: Date, lastsMs: number): Promise<Settled> {
  const [accepted, settings] = await inOrder([
    acceptHold(trx, { noticeId: ref, runId, at, lastsMs }),
    newestSettings(trx, followUp),
  ]);
  if (accepted === null) return nothingFollows;
  const { until, customerId, isNew } = accepted;
  // Switched off, it is not even started: Temporal would hear of every offer.
  const { enabled } = followUpSettings.parse(settings?.value ?? {});
  if (!isNew || !enabled) return { outbox: [], next: until };
  const start = { workflow_id: workflowId(followUp, customerId, key), signal: 'start', journey: followUp };
  const row = { ...start, customer_id: customerId, key, reason: 'Hold Accepted', occurred_at: at };
  return { outbox: await putOutbox(trx, [row]), next: until };
}
