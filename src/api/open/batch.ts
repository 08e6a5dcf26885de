import { type FieldError, Problem } from '#api/problems.ts';
import { Overloaded, RefusedEvents } from '#db/intake.ts';
import type { Event } from '#domain/events.ts';
import { fieldError } from './validate.ts';

/** One item of a batch: the event that it became, or what is wrong with it. */
export type Item = { event: Event } | { errors: FieldError[] };

/** Commits the good items of a batch; what the database can never take is refused item by item. Errors by place. */
export async function storeItems(
  read: readonly Item[],
  submit: (events: Event[]) => Promise<void>,
): Promise<ReadonlyMap<number, FieldError[]>> {
  const places: number[] = [];
  const events: Event[] = [];
  for (const [index, item] of read.entries()) {
    if (!('event' in item)) continue;
    places.push(index);
    events.push(item.event);
  }
  const errors = new Map<number, FieldError[]>();
  for (const [index, item] of read.entries()) if ('errors' in item) errors.set(index, item.errors);
  try {
    if (events.length > 0) await submit(events);
  } catch (error) {
    if (error instanceof Overloaded) throw new Problem('overloaded', { headers: { 'Retry-After': '1' } });
    if (!(error instanceof RefusedEvents)) throw error;
    for (const { index, reason } of error.refused) {
      const place = places[index] ?? index;
      errors.set(place, [fieldError(['items', place], reason, true)]);
    }
  }
  return errors;
}
