import { randomUUID } from 'node:crypto';
import type { Request } from 'express';
import type { z } from 'zod';
import type { ApiDeps } from '#api/deps.ts';
import { Problem } from '#api/problems.ts';
import { contextOf, phoneNumber, readCalls } from '#api/segment/calls.ts';
import { newId } from '#db/ids.ts';
import {
  type AskedBefore,
  askedBefore,
  type Idempotency,
  type MessageRequest,
  ownerOf,
  requestMessage,
} from '#db/message-requests.ts';
import { currentSettings } from '#db/settings.ts';
import { durationMs } from '#domain/duration.ts';
import { workflowId } from '#domain/ids.ts';
import { emailAddress } from '#domain/segment.ts';
import { defaultShop } from '#domain/shop.ts';
import { storeItems } from './batch.ts';
import { living } from './customers.ts';
import { type Call, route } from './route.ts';
import { sendAnswer, sendHeaders, sendInput } from './schemas/send.ts';
import { wayTo } from './send-way.ts';
import { templateNamed } from './templates-known.ts';
import { fieldError } from './validate.ts';

type Body = z.output<typeof sendInput>;

/** Whom something goes to: exactly one of these. */
export type Recipient = Pick<Body, 'customerId' | 'userId' | 'email' | 'phone'>;

const send = route({
  method: 'post',
  path: '/messages',
  tag: 'Messages',
  summary: 'Sends a transactional message: a password link, a code, what became of an order',
  description:
    'A service message: it needs an address and no consent, takes no place of the contact policy and goes before everything else. ' +
    'Answered when it is committed: from then on it is not lost. Repeat a call that got no answer with the same `Idempotency-Key`. ' +
    '`data` is kept encrypted, for as long as the message may still have to be made.',
  headers: sendHeaders,
  body: sendInput,
  example: {
    email: 'anna@example.com',
    template: 'password-reset',
    data: { link: 'https://shop.example/reset/4f1c9a7e', validUntil: '2026-11-29T15:00:00Z' },
    validFor: 'PT1H',
  },
  status: 202,
  answer: sendAnswer,
  problems: [
    'customer_not_found',
    'customer_erased',
    'template_not_found',
    'template_data',
    'not_reachable',
    'idempotency_key_used',
    'journey_disabled',
    'overloaded',
  ],
  handle: sendOne,
});

async function sendOne({ body, caller, request, deps }: Call<undefined, undefined, Body>) {
  const idempotency = idempotencyOf(request, caller.id, body);
  const earlier = idempotency && (await askedBefore(deps.db, idempotency, deps.secret));
  if (earlier) return answerTo(earlier);
  await mustBeEnabled(deps);
  const template = await templateNamed(deps, body.template);
  const data = template.read(body.data);
  const { customerId, to } = await recipientOf(body, caller.id, deps);
  const way = await wayTo(deps, { ...body, customerId, to }, template);
  const now = deps.clock.now();
  const asked: MessageRequest = {
    id: newId(now),
    customerId,
    profile: body.profile,
    requestedAt: now,
    validForMs: durationMs(body.validFor),
    template: template.name,
    journey: template.journey,
    templateId: template.id,
    ...way,
    to,
    isTest: false,
  };
  const requested = await requestMessage(deps.db, { ...asked, data }, idempotency, deps.secret);
  if (requested.result !== 'taken') return answerTo(requested);
  void deps.relay.push(requested.outbox);
  return shown(asked);
}

export function shown({ id, customerId, template, cascade, requestedAt }: MessageRequest) {
  const channels = cascade.channels.map(({ channel }) => channel);
  return { id, customerId, template, channels, requestedAt, workflowId: workflowId('message', customerId, id) };
}

function answerTo(requested: AskedBefore) {
  if (requested.result === 'other_body') throw new Problem('idempotency_key_used');
  return shown(requested.request);
}

function idempotencyOf(request: Request, callerId: string, body: Body): Idempotency | null {
  const key = request.get('idempotency-key')?.trim();
  if (key === undefined) return null;
  if (/^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(key)) return { key, callerId, body };
  const message = 'must be 1 to 255 printable characters of ASCII';
  throw new Problem('invalid_request', {
    detail: `Idempotency-Key ${message}.`,
    errors: [{ field: 'Idempotency-Key', message }],
  });
}

export async function mustBeEnabled({ db }: ApiDeps): Promise<void> {
  const saved = await currentSettings(db, 'message');
  if ((saved?.value as { enabled?: boolean } | undefined)?.enabled === false) throw new Problem('journey_disabled');
}

/** Whom it goes to, and the address where one was named. */
export async function recipientOf(body: Recipient, callerId: string, deps: ApiDeps) {
  if (body.customerId !== undefined) return { customerId: (await living(deps, body.customerId)).id, to: null };
  if (body.userId !== undefined) {
    const customerId = await ownerOf(deps.db, 'user_id', body.userId);
    if (customerId === null) throw new Problem('customer_not_found');
    return { customerId, to: null };
  }
  const to = addressOf(body, deps);
  return { customerId: await ownerOrNew(to, callerId, deps), to };
}

function addressOf({ email, phone }: Recipient, deps: ApiDeps): NonNullable<MessageRequest['to']> {
  if (email !== undefined) return { kind: 'email', address: emailAddress(email) ?? email };
  const number = phoneNumber(phone ?? '', (deps.shop?.() ?? defaultShop).currency);
  if (number !== null) return { kind: 'phone', address: number };
  const errors = [fieldError(['phone'], 'must be a phone number', true)];
  throw new Problem('invalid_request', { detail: 'phone must be a phone number.', errors });
}

/** Nobody known by the address becomes a customer by the way that all events take, so that who is who is decided by the same
 *  rules. No consent is written down: they are written to because they asked for this message. */
async function ownerOrNew(to: NonNullable<MessageRequest['to']>, callerId: string, deps: ApiDeps): Promise<string> {
  const known = await ownerOf(deps.db, to.kind, to.address);
  if (known !== null) return known;
  const call = { type: 'identify', messageId: `message:${randomUUID()}`, traits: { [to.kind]: to.address } };
  const context = contextOf(deps.clock, deps.shop?.() ?? defaultShop, {});
  const { events } = readCalls([{ call, type: 'identify' }], context);
  const refused = await storeItems(
    events.map((event) => ({ event })),
    (stored) => deps.intake.submit(callerId, stored),
  );
  const owner = refused.size > 0 ? null : await ownerOf(deps.db, to.kind, to.address);
  if (owner === null) throw new Problem('customer_not_found');
  return owner;
}

export const sendRoutes = [send];
