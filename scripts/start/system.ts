import { join } from 'node:path';
import type { Logger } from 'pino';
import { startGateway } from '#api/gateway.ts';
import { createEmailChannel } from '#channels/email/channel.ts';
import { createSandbox } from '#channels/sandbox/channel.ts';
import { createTelegramChannel, type TelegramSettings } from '#channels/telegram/channel.ts';
import { readConfig } from '#config';
import { OtherScale, startBusinessClock } from '#db/business-clock.ts';
import { byIndex, connect, createPool, type Db } from '#db/connect.ts';
import { migrate } from '#db/migrate.ts';
import { applyPromoPools } from '#db/promo-pools.ts';
import { applyPreset } from '#db/settings.ts';
import { type Clock, scaledClock } from '#domain/clock.ts';
import { Failure } from '#domain/failure.ts';
import { createInbox } from '#inbox/inbox.ts';
import { presetPools, presetSettings } from '#presets/presets.ts';
import { explained } from '#process/database.ts';
import type { Ending } from '#process/run.ts';
import { connectWorker, installRuntime, openJourneys, type TemporalPlace } from '#process/temporal.ts';
import type { JourneyPort } from '#relay/port.ts';
import { ensureSearchAttributes } from '#relay/temporal.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { loadSample, sampleRouter } from '#scripts/sample/sample.ts';
import { closeChannels } from '#worker/channels.ts';
import { type RunningWorker, startWorker } from '#worker/worker.ts';
import { developmentKeys, developmentSecret, type Keys } from './keys.ts';
import type { StartOptions } from './options.ts';

/** The gateway, the worker and the development inbox in one process, on a database and a Temporal that are there. */

export interface Store {
  databaseUrl: string;
  db: Db;
  pool: ReturnType<typeof createPool>;
  clock: Clock;
  keys: Keys;
}

/** The database, migrated, with its clock, settings and keys. */
export async function openStore(url: string, options: StartOptions, end: Ending): Promise<Store> {
  const pool = createPool(url, 20);
  end.add(() => pool.end());
  const db = connect(pool);
  await migrate(db).catch((error: unknown) => {
    throw explained(error);
  });
  const time = await startBusinessClock(db, options.scale, Date.now()).catch((error: unknown) => {
    throw error instanceof OtherScale ? otherScale(error, options) : error;
  });
  const clock = scaledClock(time);
  await applyPreset(db, presetSettings(options.preset) ?? [], `preset ${options.preset}`, clock.now());
  await applyPromoPools(db, presetPools(options.preset), clock.now());
  return { databaseUrl: url, db, pool, clock, keys: await developmentKeys(db, options.data, clock.now()) };
}

function otherScale({ kept }: OtherScale, { data, scale }: StartOptions): Failure {
  return new Failure(
    `The data folder ${data} runs at scale ${kept}, which is fixed at the first start: leave out --scale ${scale}, or choose another folder with --data.`,
  );
}

export interface SystemOptions {
  options: StartOptions;
  store: Store;
  place: TemporalPlace;
  temporalUi: string | null;
  log: Logger;
}

export interface System {
  gateway: string;
  inbox: string;
  /** Rejects when a worker has failed for good. */
  failed: Promise<void>;
}

/** A development machine has few runs at once, and nobody to wait long for. */
const cachedWorkflows = 200;
const graceMs = 5_000;

export async function startSystem(system: SystemOptions, end: Ending): Promise<System> {
  const { options, store, place, log } = system;
  installRuntime(log);
  const connection = await connectWorker(place);
  end.add(() => connection.close());
  const temporal = openJourneys(place);
  end.add(() => temporal.close());
  const [inbox] = await Promise.all([
    createInbox({ dir: join(options.data, 'inbox'), smtpPort: 0 }),
    ensureSearchAttributes(temporal.connection, place.namespace),
  ]);
  end.add(() => inbox.close());
  const publicUrl = `http://localhost:${options.port}`;
  const secret = developmentSecret(options.data);
  const links = { temporalUi: system.temporalUi, inbox: `${publicUrl}/dev/inbox` };
  const telegram = telegramOfEnvironment();
  const shared = { ...store, journeys: temporal.journeys, log, secret, publicUrl, graceMs };
  const [worker] = await Promise.all([
    openWorker({ ...shared, connection, namespace: place.namespace, smtpUrl: inbox.smtpUrl, telegram }, end),
    loadSample(store.db, options.sample, publicUrl, store.clock.now()),
  ]);
  const gateway = await startGateway({
    ...shared,
    temporal,
    links,
    host: '127.0.0.1',
    port: options.port,
    inbox: inbox.router,
    sample: sampleRouter(store.db),
    writeKey: store.keys.writeKey,
    // Telegram cannot reach this machine.
    bot: telegram && { ...telegram, secret: null, mode: 'polling' },
  });
  end.add(() => gateway.close());
  return { gateway: publicUrl, inbox: links.inbox, failed: worker.done };
}

/** A bot for trying things out, where the environment names one. */
function telegramOfEnvironment(): TelegramSettings | undefined {
  const { VESTNIK_TELEGRAM_TOKEN: token, VESTNIK_TELEGRAM_API: apiRoot } = readConfig('start');
  return token === undefined ? undefined : { token, apiRoot };
}

interface WorkerParts extends Store {
  connection: Awaited<ReturnType<typeof connectWorker>>;
  namespace: string;
  smtpUrl: string;
  telegram: TelegramSettings | undefined;
  journeys: JourneyPort;
  log: Logger;
  secret: string;
  publicUrl: string;
}

async function openWorker(parts: WorkerParts, end: Ending): Promise<RunningWorker> {
  const { db, clock, connection, namespace, journeys, log, secret, publicUrl, telegram } = parts;
  // Letters go as they would in production, and so does what a bot writes to those who started it; the other channels have no
  // provider on a development machine.
  const channels = {
    ...createSandbox(parts.smtpUrl),
    email: await createEmailChannel(parts.smtpUrl),
    ...(telegram && { telegram: createTelegramChannel(telegram) }),
  };
  end.add(() => closeChannels(channels));
  const renderer = await createRenderer();
  const deciding = createPool(parts.databaseUrl, 10, byIndex);
  end.add(() => deciding.end());
  const activities = { db: connect(deciding), clock, channels, renderer, publicUrl, secret, log };
  const worker = await startWorker({ connection, namespace, db, activities, journeys, log, cachedWorkflows, graceMs });
  end.add(() => worker.close());
  return worker;
}
