import type { Db } from '#db/connect.ts';
import type { OutboxRow } from '#db/outbox.ts';
import type { Clock } from '#domain/clock.ts';

/** What the routes of tracking need of the gateway's dependencies. */
export interface TrackingDeps {
  db: Db;
  clock: Clock;
  /** Signs the tokens of tracked links. */
  secret: string;
  relay: { push(rows: OutboxRow[]): void | Promise<void> };
  log: { error(fields: object, message: string): void };
}
