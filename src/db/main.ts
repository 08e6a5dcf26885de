/**
 * `npm run migrate`: brings the database to the newest migration, starts its business clock, stores the preset's settings
 * where there are none yet, and registers search attributes with Temporal. Safe to repeat.
 * `--write-key NAME` and `--api-key NAME` make a key and print it, this once.
 */
import { parseArgs } from 'node:util';
import { readConfig } from '#config';
import { scaledClock } from '#domain/clock.ts';
import { Failure } from '#domain/failure.ts';
import { presetPools, presetSettings, presets } from '#presets/presets.ts';
import { explained } from '#process/database.ts';
import { createLogger } from '#process/logger.ts';
import { runGuarded } from '#process/run.ts';
import { openJourneys, temporalPlace } from '#process/temporal.ts';
import { ensureSearchAttributes } from '#relay/temporal.ts';
import { startBusinessClock } from './business-clock.ts';
import { connect, createPool, type Db } from './connect.ts';
import { createKey } from './keys.ts';
import { migrate } from './migrate.ts';
import { applyPromoPools } from './promo-pools.ts';
import { applyPreset } from './settings.ts';

await runGuarded(async (end) => {
  const options = readOptions();
  const config = readConfig('migrate');
  const log = createLogger('migrate', config.VESTNIK_LOG_LEVEL);
  const settings = presetSettings(config.VESTNIK_PRESET);
  if (!settings)
    throw new Failure(
      `VESTNIK_PRESET names no preset (${config.VESTNIK_PRESET}): choose one of ${Object.keys(presets).join(', ')}.`,
    );
  const pool = createPool(config.DATABASE_URL, 2);
  end.add(() => pool.end());
  const db = connect(pool);
  const applied = await migrate(db).catch((error: unknown) => {
    throw explained(error);
  });
  log.info({ applied }, 'The database is up to date');
  const clock = scaledClock(await startBusinessClock(db, config.VESTNIK_SCALE ?? null, Date.now()));
  await applyPreset(db, settings, `preset ${config.VESTNIK_PRESET}`, clock.now());
  await applyPromoPools(db, presetPools(config.VESTNIK_PRESET), clock.now());
  await printKeys(db, options, clock.now());
  await registerSearchAttributes();
});

function readOptions() {
  try {
    const options = { 'write-key': { type: 'string' }, 'api-key': { type: 'string' } } as const;
    return parseArgs({ options }).values;
  } catch (error) {
    throw new Failure(
      `${error instanceof Error ? error.message : error} Options are --write-key NAME and --api-key NAME.`,
    );
  }
}

async function printKeys(db: Db, options: ReturnType<typeof readOptions>, at: Date): Promise<void> {
  for (const [table, name] of [
    ['sources', options['write-key']],
    ['api_keys', options['api-key']],
  ] as const) {
    if (name === undefined) continue;
    const made = await createKey(db, table, name, at);
    if (!made) throw new Failure(`There is a key named ${name} already: choose another name.`);
    console.log(`${name}: ${made.key}`);
  }
}

async function registerSearchAttributes(): Promise<void> {
  const place = temporalPlace();
  const temporal = openJourneys(place);
  try {
    await ensureSearchAttributes(temporal.connection, place.namespace);
  } catch {
    throw new Failure(
      'The database is ready, but Temporal could not be reached to register search attributes: check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE and run this again.',
    );
  } finally {
    await temporal.close();
  }
}
