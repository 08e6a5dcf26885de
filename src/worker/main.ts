/** `npm run worker`: runs journeys and sends messages. Run as many as you need. */
import { noVapidKeys, vapidKeys } from '#channels/web_push/keys.ts';
import { readConfig } from '#config';
import { readBusinessClock } from '#db/business-clock.ts';
import { byIndex, connect, createPool } from '#db/connect.ts';
import { createSealer } from '#db/seal.ts';
import { storedVapidKeys } from '#db/vapid-keys.ts';
import { whatsappWindowOpen } from '#db/whatsapp-window.ts';
import { scaledClock } from '#domain/clock.ts';
import { databaseReady } from '#process/database.ts';
import { createLogger } from '#process/logger.ts';
import { runProcess } from '#process/run.ts';
import { connectWorker, installRuntime, openJourneys, temporalPlace } from '#process/temporal.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { closeChannels, openChannels } from './channels.ts';
import { startWorker } from './worker.ts';

/** For what goes on beside the activities: relaying, housekeeping. */
const ownConnections = 3;

await runProcess(async (end) => {
  const config = readConfig('worker');
  const log = createLogger('worker', config.VESTNIK_LOG_LEVEL);
  installRuntime(log);
  const pool = createPool(config.DATABASE_URL, ownConnections);
  end.add(() => pool.end());
  const db = connect(pool);
  const deciding = createPool(config.DATABASE_URL, config.VESTNIK_DATABASE_POOL, byIndex);
  end.add(() => deciding.end());
  const clock = scaledClock(await databaseReady(() => readBusinessClock(db)));
  const place = temporalPlace();
  const temporal = openJourneys(place);
  end.add(() => temporal.close());
  const connection = await connectWorker(place);
  end.add(() => connection.close());
  const keep = (made: Parameters<typeof storedVapidKeys>[1]) => storedVapidKeys(db, made, clock.now());
  const webPush = await vapidKeys(config.VESTNIK_VAPID_PRIVATE_KEY, createSealer(config.VESTNIK_SECRET), keep);
  if (webPush === null) log.warn({}, noVapidKeys);
  const channels = await openChannels({
    webPush,
    fcmServiceAccount: config.VESTNIK_FCM_SERVICE_ACCOUNT ?? null,
    phones: {
      publicUrl: config.VESTNIK_PUBLIC_URL,
      windowOpen: (phone) => whatsappWindowOpen(db, phone, clock.now()),
      sms: config.VESTNIK_SMS_URL,
      viber: config.VESTNIK_VIBER_URL,
      whatsapp: config.VESTNIK_WHATSAPP_URL,
    },
    emailUrl: config.VESTNIK_EMAIL_URL,
    sandboxUrl: config.VESTNIK_SANDBOX ?? null,
    telegram:
      config.VESTNIK_TELEGRAM_TOKEN === undefined
        ? null
        : { token: config.VESTNIK_TELEGRAM_TOKEN, apiRoot: config.VESTNIK_TELEGRAM_API },
  });
  end.add(() => closeChannels(channels));
  const worker = await startWorker({
    connection,
    namespace: place.namespace,
    db,
    activities: {
      db: connect(deciding),
      clock,
      channels,
      renderer: await createRenderer(),
      publicUrl: config.VESTNIK_PUBLIC_URL,
      secret: config.VESTNIK_SECRET,
      log,
    },
    journeys: temporal.journeys,
    log,
    cachedWorkflows: config.VESTNIK_CACHED_WORKFLOWS,
    rates: config.VESTNIK_RATES,
    startsPerSecond: config.VESTNIK_STARTS_PER_SECOND,
    graceMs: config.VESTNIK_SHUTDOWN_SECONDS * 1000,
  });
  end.add(() => worker.close());
  log.info({}, 'The worker takes work');
  return { failed: worker.done };
});
