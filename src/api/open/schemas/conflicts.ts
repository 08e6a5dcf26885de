import { z } from 'zod';
import { instant, listOf, orNull, uuid } from './common.ts';

const text = z.string();

const claimant = z
  .object({
    id: uuid,
    mergedInto: orNull(uuid).meta({ description: 'Where they live on, if they were joined to another since' }),
    userIds: z.array(text),
    orders: z.int(),
    createdAt: instant,
    lastSeenAt: orNull(instant),
  })
  .meta({ id: 'Claimant' });

export const conflictView = z
  .object({
    id: uuid,
    at: instant,
    kind: text.meta({ description: 'user_id, anonymous_id, email, phone, telegram, card' }),
    value: text,
    reason: text.meta({ description: 'both_have_user_id, both_have_orders' }),
    holder: claimant.meta({ description: 'Who has it' }),
    claimant: claimant.meta({ description: 'Who named it, too' }),
    decision: orNull(z.enum(['merged', 'kept_apart'])),
    decidedBy: orNull(text).meta({ description: 'The name of an API key; null: by what came in' }),
    resolvedAt: orNull(instant),
  })
  .meta({ id: 'Conflict' });

export const conflictList = listOf(conflictView).meta({ id: 'ConflictList' });

export const verdict = z
  .discriminatedUnion('decision', [
    z.strictObject({
      decision: z.literal('merge'),
      into: uuid
        .optional()
        .meta({ description: 'Who stays; left out: who has a login, else orders, else who is older' }),
    }),
    z.strictObject({ decision: z.literal('keep_apart') }),
  ])
  .meta({ id: 'Verdict' });
