import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Router } from 'express';
import type pg from 'pg';
import type { Logger } from 'pino';
import { noVapidKeys, vapidKeys } from '#channels/web_push/keys.ts';
import type { Db } from '#db/connect.ts';
import { createIntake } from '#db/intake.ts';
import { createSealer } from '#db/seal.ts';
import { currentShop } from '#db/settings.ts';
import { switchedOn } from '#db/switched-on.ts';
import { storedVapidKeys } from '#db/vapid-keys.ts';
import type { Clock } from '#domain/clock.ts';
import { Failure } from '#domain/failure.ts';
import type { Contract } from '#domain/journey.ts';
import type { JourneyPort } from '#relay/port.ts';
import { createRelay } from '#relay/relay.ts';
import { contracts, routing } from '#workflows/catalogue.ts';
import type { ApiDeps, Links } from './deps.ts';
import { createListener } from './listener.ts';
import { countingIntake, createMetrics } from './metrics.ts';
import { createTelegram, type TelegramOptions } from './telegram/telegram.ts';

export interface GatewayDeps {
  db: Db;
  pool: pg.Pool;
  clock: Clock;
  journeys: JourneyPort;
  temporal: ApiDeps['temporal'];
  log: Logger;
  secret: string;
  publicUrl: string;
  links: Links;
  host: string;
  /** 0: any free port. */
  port: number;
  /** Milliseconds that requests under way get when the gateway closes. */
  graceMs?: number;
  inbox?: Router;
  sample?: Router;
  /** What the start page sends its sample cart with, on development machines only. */
  writeKey?: string;
  /** The shop's bot, where it has one. */
  bot?: TelegramOptions | undefined;
  /** Of web push: the private key, where it is not to be the one that is kept, and push services beside those that are known. */
  vapidPrivateKey?: string | undefined;
  pushServices?: readonly string[];
}

export interface Gateway {
  port: number;
  /** Takes no new requests, finishes those under way, stores what waits, relays what is committed. Idempotent. */
  close(): Promise<void>;
}

/** HTTP in front of intake and the open API, with a relay of its own for what it has just committed. */
export async function startGateway(deps: GatewayDeps): Promise<Gateway> {
  const { db, pool, clock, journeys, log, graceMs = 10_000 } = deps;
  const stopping = new AbortController();
  const shop = await follow(() => currentShop(db), "The shop's settings", log, stopping.signal);
  const on = await follow(() => readSwitchedOn(db), 'The settings of journeys', log, stopping.signal);
  const isOn = (journey: string) => on().has(journey);
  const relay = createRelay({ db, port: journeys, time: clock.time, log });
  const intake = createIntake({ pool, clock, routing, onOutbox: (rows) => void relay.push(rows), shop, isOn });
  const metrics = createMetrics({ ofProcess: true });
  const telegram = deps.bot && createTelegram({ ...deps, shop, intake: countingIntake(intake, metrics) }, deps.bot);
  const webPush = await webPushOf(deps);
  const app = createListener({
    ...deps,
    ...(webPush && { webPush }),
    ...(telegram && { telegram }),
    shop,
    relay,
    intake,
    metrics,
    stopping: stopping.signal,
  });
  const server = await listen(app, deps, stopping.signal);
  const address = server.address();
  const port = address && typeof address === 'object' ? address.port : deps.port;
  telegram?.start();
  let closing: Promise<void> | undefined;
  const close = async () => {
    stopping.abort();
    await closeServer(server, graceMs);
    await telegram?.close();
    await intake.close();
    await relay.close();
  };
  return {
    port,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function webPushOf({ db, clock, log, secret, ...deps }: GatewayDeps): Promise<ApiDeps['webPush']> {
  const keep = (made: Parameters<typeof storedVapidKeys>[1]) => storedVapidKeys(db, made, clock.now());
  const keys = await vapidKeys(deps.vapidPrivateKey, createSealer(secret), keep);
  if (keys === null) log.warn({}, noVapidKeys);
  return keys === null ? undefined : { publicKey: keys.publicKey, services: deps.pushServices ?? [] };
}

async function listen(app: RequestListener, { host, port }: GatewayDeps, stopping: AbortSignal): Promise<Server> {
  const server = createServer((request, response) => {
    // A client that keeps its connection would otherwise hold the closing gateway until the connection idles out.
    if (stopping.aborted) response.setHeader('Connection', 'close');
    app(request, response);
  });
  server.listen({ host, port, backlog: 1024 });
  await once(server, 'listening').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    throw new Failure(`The gateway cannot listen on ${host}:${port} (${code}): free the port, or choose another.`);
  });
  return server;
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      isClosed = true;
      resolve();
    });
  });
  const end = Date.now() + graceMs;
  while (!isClosed && Date.now() < end) {
    server.closeIdleConnections();
    await Promise.race([closed, sleep(50)]);
  }
  server.closeAllConnections();
  await closed;
}

/** How old the settings that a gateway holds may be, in wall time. */
const settingsAgeMs = 5_000;

/** What was set, read again every few seconds; `what` names it in the log. */
async function follow<T>(read: () => Promise<T>, what: string, log: Logger, stopping: AbortSignal): Promise<() => T> {
  let value: T = await read();
  const refresh = () =>
    read().then(
      (now) => {
        value = now;
      },
      (error: unknown) => log.warn({ err: error }, `${what} could not be read; the old ones hold`),
    );
  const timer = setInterval(refresh, settingsAgeMs).unref();
  stopping.addEventListener('abort', () => clearInterval(timer));
  return () => value;
}

const offByDefault = Object.values<Contract>(contracts).filter((contract) => contract.offByDefault);

function readSwitchedOn(db: Db): Promise<ReadonlySet<string>> {
  return switchedOn(
    db,
    offByDefault.map(({ name }) => name),
  );
}
