import type { Router } from 'express';
import type pg from 'pg';
import type { Logger } from 'pino';
import type { Db } from '#db/connect.ts';
import type { Backlog, OutboxRow } from '#db/outbox.ts';
import type { Clock } from '#domain/clock.ts';
import type { Event } from '#domain/events.ts';
import type { ShopSettings } from '#domain/shop.ts';
import type { JourneyPort } from '#relay/port.ts';
import type { RelayCounts } from '#relay/relay.ts';
import type { Metrics } from './metrics.ts';
import type { Telegram } from './telegram/telegram.ts';

/** Everything the gateway needs. Built in `main.ts`, handed to `createApp`. */
export interface ApiDeps {
  db: Db;
  pool: pg.Pool;
  clock: Clock;
  /** Resolves when the events are committed. */
  intake: { submit(sourceId: string, events: Event[]): Promise<void> };
  /** Takes outbox rows after the commit that wrote them. */
  relay: { push(rows: OutboxRow[]): void | Promise<void>; backlog?(): Promise<Backlog>; readonly counts?: RelayCounts };
  /** The way to running journeys, for those that somebody asks and waits for. */
  journeys?: JourneyPort;
  /** The shop's settings as they are now; the defaults without it. */
  shop?: () => ShopSettings;
  log: Logger;
  /** Signs the tokens of tracked links. */
  secret: string;
  publicUrl: string;
  links: Links;
  /** Of web push: the key that browsers subscribe to, and push services beside those that are known; without it there is none. */
  webPush?: { publicKey: string; services: readonly string[] };
  /** Routes of the development inbox, on development machines only. */
  inbox?: Router;
  /** What fills an empty shop and sends a sample cart, on development machines only. */
  sample?: Router;
  /** What the start page sends its sample cart with, on development machines only. */
  writeKey?: string;
  /** The shop's bot, where it has one. */
  telegram?: Telegram;
  /** Where a process shares its registry with other rooms; else the gateway has one of its own. */
  metrics?: Metrics;
  /** `version`: the server's, for the start page. */
  temporal: { healthy(): Promise<boolean>; version?(): Promise<string> };
  /** Aborted when the process begins to stop: `/readyz` then turns traffic away. */
  stopping?: AbortSignal;
}

/** What the start page leads to; null where it does not run here. */
export interface Links {
  temporalUi: string | null;
  inbox: string | null;
}
