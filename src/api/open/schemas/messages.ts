import { z } from 'zod';
import { contactClasses } from '#domain/journey.ts';
import { messageStates } from '#domain/ledger.ts';
import { instant, listOf, orNull, uuid } from './common.ts';

const text = z.string();

export const message = z
  .object({
    id: uuid,
    customerId: uuid,
    journey: text,
    runId: orNull(uuid),
    step: text.meta({ description: 'The block of the journey' }),
    iteration: z.int(),
    channel: text,
    template: text,
    locale: text,
    class: z.enum(contactClasses),
    kind: z.enum(['marketing', 'service']),
    state: z.enum(messageStates),
    reason: orNull(text).meta({ description: 'Why it was dropped or is not known' }),
    dueAt: instant,
    reservedAt: instant,
    acceptedAt: orNull(instant),
    deliveredAt: orNull(instant),
    openedAt: orNull(instant),
    openedBy: orNull(z.enum(['human', 'machine', 'unknown'])),
    clickedAt: orNull(instant),
    unsubscribedAt: orNull(instant),
    complainedAt: orNull(instant),
    failedAt: orNull(instant),
    failedReason: orNull(text),
    goods: z.array(text).meta({ description: 'Product ids that it shows' }),
  })
  .meta({ id: 'Message' });

export const messageList = listOf(message).meta({ id: 'MessageList' });

export const decision = z
  .object({
    id: uuid,
    at: instant,
    customerId: uuid,
    journey: text,
    runId: orNull(uuid),
    step: text,
    iteration: z.int(),
    channel: orNull(text),
    decision: z.enum(['send', 'defer', 'skip', 'drop', 'suppress', 'stop']),
    reason: text,
    until: orNull(instant),
    messageId: orNull(uuid),
    details: z.record(text, z.unknown()).meta({ description: 'What the decision was made of' }),
  })
  .meta({ id: 'Decision' });
