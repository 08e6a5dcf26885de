import type { TimeScale } from './journey.ts';

/** Business time. Everything that decides takes its `now` from here; only leases, claims, retention of
 *  de-duplication keys and network time limits use the wall. */
export interface Clock {
  /** `wall`: epoch ms read just before, for whoever sets business time beside it. Read twice, the wall may have moved on
   *  in between, and what happened on it would be dated a millisecond early. */
  now(wall?: number): Date;
  readonly time: TimeScale;
}

/** Business epoch ms of a wall epoch ms. */
export function toBusiness(wallMs: number, { origin, scale }: TimeScale): number {
  return origin + (wallMs - origin) * scale;
}

/** Wall milliseconds that a business duration takes. */
export function wallDuration(businessMs: number, { scale }: TimeScale): number {
  return Math.max(0, businessMs) / scale;
}

/** Wall epoch ms of a business epoch ms. */
export function toWall(businessMs: number, { origin, scale }: TimeScale): number {
  return origin + (businessMs - origin) / scale;
}

/** For people, to the minute: `2026-06-01 10:00 UTC`. */
export function readable(instant: Date | number): string {
  return `${new Date(instant).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function scaledClock(time: TimeScale, wall: () => number = Date.now): Clock {
  return { time, now: (at = wall()) => new Date(toBusiness(at, time)) };
}
