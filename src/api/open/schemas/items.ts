import { z } from 'zod';
import { instant, listOf, orNull, uuid } from './common.ts';

export const itemParams = z.object({ id: z.string().min(1).max(200).meta({ description: 'The product’s id' }) });

const state = z.enum(['out', 'free', 'offered', 'held', 'ordered', 'sold']).meta({
  id: 'ItemState',
  description:
    '`out`: on a fitting. `free`: nobody has it, nobody waits. `offered`: the next in line is being told. `held`: they have been, and it is ' +
    'kept for them until `until`.',
});

const position = orNull(z.int().min(0)).meta({
  description: '1: the next. 0: the item is kept for this customer. Null: they are not in the queue',
});

export const item = z
  .object({
    id: z.string(),
    state,
    holder: orNull(uuid).meta({ description: 'For whom it is kept, from the offer on' }),
    until: orNull(instant).meta({ description: 'How long; null until the first channel has taken the offer' }),
    secondsLeft: orNull(z.int().min(0)),
    queue: z.array(uuid).meta({ description: 'Customers who wait, the next one first' }),
  })
  .meta({ id: 'Item' });

export const queueList = listOf(
  z.object({ position: z.int().min(1), customerId: uuid, joinedAt: instant }).meta({ id: 'QueuePlace' }),
).meta({ id: 'QueuePlaceList' });

export const queueInput = z.strictObject({ customerId: uuid }).meta({ id: 'QueueInput' });

export const queueAnswer = z
  .object({ itemId: z.string(), customerId: uuid, position, state, until: orNull(instant) })
  .meta({ id: 'QueueAnswer' });
