/** `npm run gateway`: takes events and serves the open API. Run as many as you need behind a load balancer. */
import { readConfig } from '#config';
import { readBusinessClock } from '#db/business-clock.ts';
import { connect, createPool } from '#db/connect.ts';
import { scaledClock } from '#domain/clock.ts';
import { databaseReady } from '#process/database.ts';
import { createLogger } from '#process/logger.ts';
import { runProcess } from '#process/run.ts';
import { openJourneys, temporalPlace } from '#process/temporal.ts';
import { startGateway } from './gateway.ts';
import type { TelegramOptions } from './telegram/telegram.ts';

await runProcess(async (end) => {
  const config = readConfig('gateway');
  const log = createLogger('gateway', config.VESTNIK_LOG_LEVEL);
  const pool = createPool(config.DATABASE_URL, config.VESTNIK_DATABASE_POOL);
  end.add(() => pool.end());
  const db = connect(pool);
  const time = await databaseReady(() => readBusinessClock(db));
  const temporal = openJourneys(temporalPlace());
  end.add(() => temporal.close());
  const gateway = await startGateway({
    db,
    pool,
    clock: scaledClock(time),
    journeys: temporal.journeys,
    temporal,
    log,
    secret: config.VESTNIK_SECRET,
    publicUrl: config.VESTNIK_PUBLIC_URL,
    links: { temporalUi: config.VESTNIK_UI_URL ?? null, inbox: null },
    host: config.VESTNIK_HOST,
    port: config.VESTNIK_PORT,
    bot: botOf(config),
    vapidPrivateKey: config.VESTNIK_VAPID_PRIVATE_KEY,
    pushServices: config.VESTNIK_PUSH_SERVICES,
    graceMs: config.VESTNIK_SHUTDOWN_SECONDS * 1000,
  });
  end.add(() => gateway.close());
  log.info({ port: gateway.port }, 'The gateway listens');
  return {};
});

function botOf(config: ReturnType<typeof readConfig<'gateway'>>): TelegramOptions | undefined {
  const token = config.VESTNIK_TELEGRAM_TOKEN;
  if (token === undefined) return undefined;
  return {
    token,
    secret: config.VESTNIK_TELEGRAM_SECRET ?? null,
    mode: config.VESTNIK_TELEGRAM_MODE,
    apiRoot: config.VESTNIK_TELEGRAM_API,
  };
}
