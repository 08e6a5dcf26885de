import { v7 } from 'uuid';

/** A UUIDv7 whose time is business time, so that ids sort as the shop's days went. */
export function newId(at: Date): string {
  return v7({ msecs: at.getTime() });
}
