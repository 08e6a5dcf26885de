import type { IncomingMessage, ServerResponse } from 'node:http';
import { Router } from 'express';
import type { Logger } from 'pino';
import type { Db } from '#db/connect.ts';
import { type Intake, RefusedEvents } from '#db/intake.ts';
import { findKey } from '#db/keys.ts';
import type { Clock } from '#domain/clock.ts';
import { isRecord, type Properties } from '#domain/shapes.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { answer, failure, WrongKey } from './answers.ts';
import { BadBody, readBody } from './body.ts';
import { batchLimit, contextOf, eventLimit, type Read, type Refused, readCalls } from './calls.ts';
import { createRequestKeys } from './write-keys.ts';

export interface SegmentDeps {
  db: Db;
  clock: Clock;
  intake: Pick<Intake, 'submit'>;
  log: Logger;
  /** The shop's settings as they are now: currency of amounts, country of phone numbers. */
  shop?: () => ShopSettings;
}

const singleCalls = ['identify', 'track', 'page', 'screen', 'group', 'alias'];

/** Answers one request, whatever happens; never rejects. */
export type CallHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Segment's HTTP tracking API, by path. Whatever happens, the answer is one that its clients act rightly on
 *  (`answers.ts`). Plain handlers of Node: they need nothing of Express, which costs a third of such a request. */
export function segmentHandlers(deps: SegmentDeps): ReadonlyMap<string, CallHandler> {
  const keys = createRequestKeys((key) => findKey(deps.db, 'sources', key));
  const take = async (request: IncomingMessage, type: string | null): Promise<Read> => {
    const body = parse(await readBody(request, type === null ? batchLimit : eventLimit));
    const source = await keys(request, body.writeKey);
    if (source === null) throw new WrongKey();
    const calls = type === null ? batchOf(body) : [{ call: body, type }];
    const read = readCalls(calls, contextOf(deps.clock, deps.shop?.() ?? defaultShop, body));
    return store(deps.intake, source.id, read);
  };
  const handle =
    (type: string | null): CallHandler =>
    async (request, response) => {
      try {
        answer(response, await take(request, type), deps.log);
      } catch (error) {
        failure(response, error, deps.log);
      }
    };
  const singles = singleCalls.map((type) => [`/v1/${type}`, handle(type)] as const);
  return new Map([...singles, ['/v1/batch', handle(null)]]);
}

/** The same as routes of Express. */
export function segmentRouter(deps: SegmentDeps): Router {
  const router = Router();
  for (const [path, handle] of segmentHandlers(deps)) router.post(path, handle);
  return router;
}

function parse(text: string): Properties {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new BadBody('the body is not JSON');
  }
  if (!isRecord(body)) throw new BadBody('the body must be a JSON object');
  return body;
}

function batchOf({ batch }: Properties): { call: unknown; type: unknown }[] {
  if (!Array.isArray(batch)) throw new BadBody('batch must be an array of calls');
  return batch.map((call: unknown) => ({ call, type: isRecord(call) ? call.type : undefined }));
}

/** What the database can never take joins what was refused before; the rest is committed. */
async function store(intake: Pick<Intake, 'submit'>, sourceId: string, read: Read): Promise<Read> {
  try {
    await intake.submit(sourceId, read.events);
    return read;
  } catch (error) {
    if (!(error instanceof RefusedEvents)) throw error;
    const late: Refused[] = error.refused.map(({ index, reason }) => ({
      index: read.places[index] ?? index,
      field: 'event',
      reason,
    }));
    const lost = new Set(error.refused.map(({ index }) => index));
    const events = read.events.filter((_, index) => !lost.has(index));
    return { ...read, events, refused: [...read.refused, ...late] };
  }
}
