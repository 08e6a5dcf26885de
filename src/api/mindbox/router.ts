import { randomUUID } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import type { ApiDeps } from '#api/deps.ts';
import { BadBody, Gone, readBody } from '#api/segment/body.ts';
import { batchLimit, contextOf } from '#api/segment/calls.ts';
import { createWriteKeys, type Source } from '#api/segment/write-keys.ts';
import { type Call, jsonOf } from '#api/webhooks/told.ts';
import { favouritesOf } from '#db/favourites.ts';
import { RefusedEvents } from '#db/intake.ts';
import { findKey } from '#db/keys.ts';
import { type OrderOnRecord, orderOnRecord } from '#db/orders.ts';
import { currentSettings } from '#db/settings.ts';
import type { Event } from '#domain/events.ts';
import { type CallContext, normalise } from '#domain/segment.ts';
import { isRecord, type Properties } from '#domain/shapes.ts';
import { defaultShop } from '#domain/shop.ts';
import { answerFailure, answerSuccess, Protocol } from './answers.ts';
import { type MindboxSettings, mindboxSettings, type OperationKind } from './names.ts';
import { callsOf, Invalid, type Operation, orderIdOf } from './operations.ts';

export type MindboxDeps = Pick<ApiDeps, 'db' | 'clock' | 'intake' | 'log' | 'shop'>;

/** `POST /v3/operations/{sync,async}`, as Mindbox has it, so that a shop changes the address and the key. Both are answered
 *  when what they tell is committed. */
export function mindboxRouter(deps: MindboxDeps): Router {
  const router = Router();
  const keys = createWriteKeys((key) => findKey(deps.db, 'sources', key));
  const handle = async (request: Request, response: Response) => {
    try {
      await take(deps, request, keys);
      answerSuccess(response);
    } catch (error) {
      if (!(error instanceof Gone)) answerFailure(response, error, deps.log);
    }
  };
  router.post('/v3/operations/sync', handle);
  router.post('/v3/operations/async', handle);
  return router;
}

async function take(deps: MindboxDeps, request: Request, keys: (key: string) => Promise<Source | null>): Promise<void> {
  const body = await bodyOf(request);
  const key = secretKey(request.headers.authorization);
  const source = key === null ? null : await keys(key);
  if (source === null) throw new Protocol(401, 'The secret key is not the write key of a source');
  const settings = await settingsOf(deps);
  const kind = kindOf(request, settings);
  const context = contextOf(deps.clock, deps.shop?.() ?? defaultShop, {});
  const given = { kind, body, settings, ...surroundings(request) };
  const order = kind.endsWith('_order') ? await orderOnRecord(deps.db, orderIdOf(body, settings)) : null;
  const favourites = kind === 'set_wish_list' ? await favouritesOf(deps.db, whoOf(given, context)) : [];
  const operation = { ...given, recorded: { favourites, hasOrder: order !== null } };
  const ids = messageIds(request);
  const events = callsOf(operation).map((call, index) => eventOf(call, ids(index), context, order));
  await submit(deps, source.id, events);
}

async function bodyOf(request: Request): Promise<Properties> {
  const raw = await readBody(request, batchLimit);
  const body = jsonOf({ raw: Buffer.from(raw), header: () => undefined });
  if (!isRecord(body)) throw new BadBody('the body is not a JSON object');
  return body;
}

/** `Mindbox secretKey="…"`; `SecretKey …` is what its newer clients send. */
function secretKey(authorization: string | undefined): string | null {
  const match = /^Mindbox\s+secretKey="?([\x21-\x7e]{1,200}?)"?$|^SecretKey\s+([\x21-\x7e]{1,200})$/i.exec(
    authorization ?? '',
  );
  return match?.[1] ?? match?.[2] ?? null;
}

async function settingsOf({ db }: MindboxDeps): Promise<MindboxSettings> {
  const saved = await currentSettings(db, 'mindbox');
  const parsed = mindboxSettings.safeParse(saved?.value ?? {});
  return parsed.success ? parsed.data : mindboxSettings.parse({});
}

function kindOf(request: Request, { operations }: MindboxSettings): OperationKind {
  const name = parameter(request, 'operation');
  const kind = name !== undefined && Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (!kind) throw new Protocol(400, 'This operation is not known: give it a kind in the settings `mindbox`');
  return kind;
}

function parameter(request: Request, name: string): string | undefined {
  const value: unknown = request.query[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function surroundings(request: Request): Pick<Operation, 'deviceUUID' | 'ip'> {
  return { deviceUUID: parameter(request, 'deviceUUID'), ip: request.get('x-customer-ip') };
}

/** `transactionId` makes a request one that may be sent again. */
function messageIds(request: Request): (index: number) => string {
  const transaction = parameter(request, 'transactionId') ?? randomUUID();
  const name = parameter(request, 'operation') ?? '';
  return (index) => `${name}:${transaction}:${index}`;
}

function whoOf(given: Omit<Operation, 'recorded'>, context: CallContext) {
  const asked: Operation = { ...given, kind: 'authorize', recorded: { favourites: [], hasOrder: false } };
  const [call] = callsOf(asked);
  return call ? normalise(call, call.type, context).who : {};
}

/** A change of an order may name nobody: then it is who the order is of, which is no news of their addresses. */
function eventOf(call: Call, messageId: string, context: CallContext, order: OrderOnRecord | null): Event {
  const isNamed = call.userId !== undefined || call.anonymousId !== undefined || hasTraits(call);
  if (isNamed || !order?.who) return normalise({ ...call, messageId }, call.type, context);
  const event = normalise({ ...call, ...order.who, messageId }, call.type, context);
  return { ...event, profile: order.profile, effects: event.effects.filter((effect) => effect.do === 'order') };
}

function hasTraits({ context }: Call): boolean {
  return isRecord(context) && isRecord(context.traits) && Object.keys(context.traits).length > 0;
}

async function submit({ intake }: MindboxDeps, sourceId: string, events: Event[]): Promise<void> {
  if (events.length === 0) return;
  try {
    await intake.submit(sourceId, events);
  } catch (error) {
    if (!(error instanceof RefusedEvents)) throw error;
    throw new Invalid('', error.refused[0]?.reason ?? error.message);
  }
}
