import type { Channel } from '#channels/channel.ts';
import type { Db } from '#db/connect.ts';
import type { OutboxRow } from '#db/outbox.ts';
import type { Clock } from '#domain/clock.ts';
import type { ChannelName } from '#domain/journey.ts';
import type { Renderer } from '#rendering/model.ts';

/** What activities are made of. `publicUrl` and `secret` go into the links of messages. */
export interface ActivityDeps {
  db: Db;
  clock: Clock;
  /** Those that have a provider. */
  channels: Partial<Record<ChannelName, Channel>>;
  renderer: Renderer;
  publicUrl: string;
  secret: string;
  log: Log;
  /** Takes outbox rows that an activity has just committed; without it they wait for the relay's loop. */
  onOutbox?(rows: OutboxRow[]): void;
  /** Where a crash test ends the process; nothing otherwise. */
  reached?: (point: CrashPoint) => void | Promise<void>;
}

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** The points between reserving and recording at which a worker may die. */
export type CrashPoint = 'before_reserve' | 'reserved' | 'submitted' | 'recorded';
