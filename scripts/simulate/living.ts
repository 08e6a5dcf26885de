import { byIndex, connect, createPool, type Db } from '#db/connect.ts';
import { checkInvariants, type Violation } from '#db/invariants.ts';
import { createKey } from '#db/keys.ts';
import { applyPromoPools } from '#db/promo-pools.ts';
import { saveSettings } from '#db/settings.ts';
import type { PromoPool } from '#domain/promo.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { createRenderer } from '#rendering/renderer.ts';
import type { Person } from '#simulator/person.ts';
import { createShop, type ShopOptions } from '#simulator/shop.ts';
import { createTimeMachine, type TimeMachine } from '#timemachine/machine.ts';
import { directSink } from './direct.ts';
import { playedShop, type Watch } from './machine.ts';
import { journeyRules } from './promises.ts';

export interface LivingOptions extends Omit<ShopOptions, 'shopUrl'> {
  /** Of a migrated database of its own. */
  databaseUrl: string;
  /** By name: of the shop, the policy, journeys. */
  settings: Readonly<Record<string, unknown>>;
  promoPools?: readonly PromoPool[];
  /** Regular jobs: on every so many days. */
  jobsEveryDays: number;
  watch?: Watch;
}

/** A simulated shop whose customers get what the journeys send, on the time machine. The same options give the same rows. */
export interface LivingShop {
  readonly db: Db;
  readonly machine: TimeMachine;
  /** Messages that its customers got. */
  readonly received: number;
  readonly people: readonly Person[];
  /** The promises that are broken now; nothing may be on its way, either. */
  broken(): Promise<Violation[]>;
  close(): Promise<void>;
}

const seed = 'simulated';
const publicUrl = 'https://vestnik.example';
/** Of links that nobody outside this process follows. */
const secret = 'of a simulated shop, whose links lead nowhere';
const log = { info() {}, warn() {} };

export async function livingShop(options: LivingOptions): Promise<LivingShop> {
  const { databaseUrl, settings, promoPools = [], jobsEveryDays, start, watch, ...story } = options;
  // As workers have them: statistics of a young database say nothing.
  const pool = createPool(databaseUrl, 10, byIndex);
  const db = connect(pool);
  for (const [name, value] of Object.entries(settings)) await saveSettings(db, name, value, 'simulated', start);
  await applyPromoPools(db, promoPools, start);
  const shop: ShopSettings = { ...defaultShop, ...(settings.shop as Partial<ShopSettings> | undefined) };
  const simulated = createShop({ ...story, start });
  const played = playedShop(simulated, watch);
  const activities = { channels: played.channels, renderer: await createRenderer(), publicUrl, secret, log };
  const common = { db, pool, start, seed, shop: () => shop };
  const machine = await createTimeMachine({ ...common, activities, jobsEveryDays });
  const source = await createKey(db, 'sources', 'simulated shop', start);
  const { intake, clock, onOutbox } = machine;
  played.begin(machine, directSink({ db, intake, clock, shop, onOutbox, sourceId: source?.id ?? '' }));
  return {
    db,
    machine,
    people: simulated.people,
    get received() {
      return played.received;
    },
    broken: () => checkInvariants(db, { now: clock.now(), journeys: journeyRules(settings), isAtRest: true }),
    async close() {
      await machine.close();
      await pool.end();
    },
  };
}
