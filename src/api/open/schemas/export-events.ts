import { z } from 'zod';
import { instant, orNull, uuid } from './common.ts';

const text = z.string();

/** One line of the answer. */
export const storedEvent = z
  .object({
    id: uuid,
    receivedAt: instant,
    occurredAt: instant,
    source: orNull(text).meta({ description: 'The name of the key that it came by' }),
    messageId: text,
    type: text,
    name: text,
    customerId: uuid,
    profile: text,
    payload: z.unknown().meta({ description: 'As it came' }),
    cursor: text.meta({ description: 'Given as `cursor`, the answer goes on behind this line' }),
  })
  .meta({ id: 'StoredEvent', description: 'A line of the answer, which is JSON Lines' });
