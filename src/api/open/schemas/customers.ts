import { z } from 'zod';
import { channelNames, profileKinds } from '#domain/journey.ts';
import { instant, listOf, money, orNull, uuid } from './common.ts';
import { decision, message } from './messages.ts';

const text = z.string();
const profile = z.enum(profileKinds);

const profileRow = z
  .object({
    kind: profile,
    email: orNull(text),
    phone: orNull(text),
    lastVisitAt: orNull(instant),
    lastActivityAt: orNull(instant),
    lastOrderAt: orNull(instant),
  })
  .meta({ id: 'Profile' });

const identity = z.object({ kind: text, value: text, since: instant }).meta({ id: 'Identity' });

export const customerSummary = z
  .object({
    id: uuid,
    kind: z.enum(['b2c', 'b2b']),
    locale: orNull(text),
    zone: orNull(text),
    region: orNull(text),
    traits: z.record(text, z.unknown()),
    createdAt: instant,
    lastSeenAt: orNull(instant),
    profiles: z.array(profileRow),
    identities: z.array(identity),
  })
  .meta({ id: 'CustomerSummary' });

export const customerList = listOf(customerSummary).meta({ id: 'CustomerList' });

const may = z.object({
  reachable: z.boolean(),
  reason: orNull(text).meta({
    description:
      'Why not: no_address, unsubscribed, no_consent, unconfirmed, no_personal_data_consent, bounced, complained, blocked',
  }),
});

const reachability = z
  .object({ profile, channel: z.enum(channelNames), address: orNull(text), marketing: may, service: may })
  .meta({ id: 'Reachability' });

const run = z
  .object({
    id: uuid,
    workflowId: text.meta({ description: 'As in Temporal UI' }),
    journey: text,
    key: text,
    settingsVersion: z.int(),
    triggerAt: instant,
    enteredAt: instant,
    block: orNull(text).meta({ description: 'What it waits to do next' }),
    dueAt: orNull(instant).meta({ description: 'And when' }),
  })
  .meta({ id: 'Run' });

const conflict = z
  .object({ id: uuid, at: instant, kind: text, value: text, holderId: uuid, claimantId: uuid, reason: text })
  .meta({ id: 'IdentityConflict', description: 'Two customers claim one identity: a person decides' });

export const customer = customerSummary
  .extend({
    mergedFrom: orNull(uuid).meta({
      description: 'The id that was asked for, where this customer lives on in its place',
    }),
    consents: z.array(
      z.object({ purpose: text, channel: text, topic: text, state: z.enum(['granted', 'denied']), at: instant }),
    ),
    reachability: z.array(reachability),
    cart: z.array(z.object({ profile, productId: text, quantity: z.int(), addedAt: instant, updatedAt: instant })),
    interests: z.array(
      z.object({
        profile,
        kind: z.enum(['favourite', 'view', 'category', 'waiting']),
        ref: text.meta({ description: 'A product id or a category' }),
        times: z.int(),
        firstAt: instant,
        lastAt: instant,
      }),
    ),
    orders: z.array(
      z.object({
        orderId: text,
        profile,
        state: z.enum(['placed', 'cancelled', 'refunded']),
        total: money,
        placedAt: instant,
      }),
    ),
    runs: z.array(run).meta({ description: 'Live ones' }),
    conflicts: z.array(conflict),
  })
  .meta({ id: 'Customer' });

const moment = { at: instant, id: uuid };

export const event = z.object({
  name: text,
  type: text,
  profile,
  source: orNull(text),
  messageId: text,
  receivedAt: instant,
  payload: z.unknown().meta({ description: 'As it came' }),
});

export const engagement = z.object({
  messageId: uuid,
  kind: text.meta({ description: 'opened, clicked, unsubscribed, delivered, bounced …' }),
  by: orNull(text).meta({ description: 'human, machine or unknown' }),
  link: orNull(z.int()),
});

export const timelineEntry = z
  .discriminatedUnion('type', [
    z.object({
      ...moment,
      type: z.literal('event'),
      event,
    }),
    z.object({ ...moment, type: z.literal('decision'), decision }),
    z.object({ ...moment, type: z.literal('message'), message }),
    z.object({
      ...moment,
      type: z.literal('engagement'),
      engagement,
    }),
  ])
  .meta({ id: 'TimelineEntry' });

export const timelineList = listOf(timelineEntry).meta({ id: 'Timeline' });
