import type { ActivityDeps } from '#activities/deps.ts';
import type { Channel } from '#channels/channel.ts';
import { createIntake, type Intake, RefusedEvents } from '#db/intake.ts';
import { createKey } from '#db/keys.ts';
import { type ProductInput, upsertProducts } from '#db/products.ts';
import { saveSettings } from '#db/settings.ts';
import { durationMs } from '#domain/duration.ts';
import { type ChannelName, channelNames } from '#domain/journey.ts';
import type { Routing } from '#domain/routing.ts';
import { isBrowsing } from '#domain/segment-effects.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { createTimeMachine, type TimeMachine } from '#timemachine/machine.ts';
import { nextDue } from '#worker/schedules.ts';
import { journeyNames, routing } from '#workflows/catalogue.ts';
import type { SideDatabase } from './database.ts';
import type { Product } from './gathering.ts';
import { type Day, type Prepared, readDay } from './prepare.ts';
import { eventOf, type Recorded } from './recorded.ts';
import type { Side } from './settings.ts';

export interface Playing {
  prepared: Prepared;
  period: Period;
  side: Side;
  journeys: readonly string[];
  database: SideDatabase;
  /** Told after each day of the record. */
  tell(progress: Progress): void;
}

/** Days (UTC) on which journeys may begin, the last included. */
export interface Period {
  from: string;
  until: string;
}

export interface Progress {
  day: string;
  /** Events of the record played so far. */
  events: number;
  /** Messages that the recording channel took. */
  messages: number;
}

/** What people do while they look around goes in together when so much time has passed: a flush has a price of its own, and journeys
 *  that begin with it count from the last activity. Anything else, such as an order, goes in at once, with what was before it. */
const gatherMs = durationMs('PT5M');
/** So few at once go in one flush, so that what ids they draw never depends on which flush was quicker. */
const eventsAtOnce = 31;
/** The record does not say how many there were: nothing is ever sold out. */
const stock = 1_000_000;
const log = { info() {}, warn() {} };

/** Plays the whole record on the time machine, with channels that only record. What came of it is in the database. */
export async function play({ prepared, period, side, journeys, database, tell }: Playing): Promise<void> {
  const { db, pool } = database;
  const days = prepared.about.days.filter(({ day }) => day <= period.until);
  const start = new Date(days[0]?.day ?? period.from);
  let messages = 0;
  const took = () => {
    messages += 1;
  };
  const shop = () => side.shop;
  const activities = await recording(took);
  const machine = await createTimeMachine({ db, pool, start, seed: 'backtest', shop, activities, jobsEveryDays: 1 });
  const common = { pool, clock: machine.clock, onOutbox: machine.onOutbox, shop };
  const live = createIntake({ ...common, routing: narrowed(routing, journeys), isOn: onIn(side) });
  const history = createIntake({ ...common, routing: {} });
  const source = await createKey(db, 'sources', 'backtest', start);
  const record = { machine, sourceId: source?.id ?? '', shop: side.shop, database };
  await setUp(record, side, { start, from: new Date(period.from) });
  let events = 0;
  drainDaily(machine, side.shop.zone);
  try {
    for (const { day } of days) {
      const told = await readDay(prepared, day);
      schedule({ ...record, intake: day < period.from ? history : live }, day, told);
      await machine.runUntil(new Date(Date.parse(day) + durationMs('P1D') - 1));
      events += told.events.length;
      tell({ day, events, messages });
    }
  } finally {
    await live.close();
    await history.close();
    await machine.close();
  }
}

interface Played {
  machine: TimeMachine;
  sourceId: string;
  shop: ShopSettings;
  database: SideDatabase;
}

const isJourney = ({ name }: Side['settings'][number]) => journeyNames.some((journey) => journey === name);

function onIn({ settings }: Side): (journey: string) => boolean {
  const on = new Set(settings.filter(({ value }) => Object(value).enabled === true).map(({ name }) => name));
  return (journey) => on.has(journey);
}

/** The side's settings; while the record is history no journey is on, so that none begins by a regular job either. */
async function setUp(
  { machine, database: { db } }: Played,
  { settings }: Side,
  { start, from }: { start: Date; from: Date },
): Promise<void> {
  const save = async (values: Side['settings'], at: Date) => {
    for (const { name, value } of values) await saveSettings(db, name, value, 'backtest', at);
  };
  if (from <= start) return save(settings, start);
  const off = settings.map((one) =>
    isJourney(one) ? { ...one, value: { ...Object(one.value), enabled: false } } : one,
  );
  await save(off, start);
  machine.at(from, () => save(settings.filter(isJourney), from));
}

interface Submitting extends Played {
  intake: Intake;
}

function schedule(
  { machine, intake, sourceId, shop, database }: Submitting,
  day: string,
  { products, events }: Day,
): void {
  const items = products.map((product) => inStock(product, shop));
  if (items.length > 0) machine.at(new Date(day), () => upsertProducts(database.db, items, machine.clock.now()));
  for (const together of gathered(events)) {
    machine.at(new Date(together.at(-1)?.at ?? 0), async () => {
      for (let first = 0; first < together.length; first += eventsAtOnce)
        await submit(intake, sourceId, together.slice(first, first + eventsAtOnce), shop);
    });
  }
}

/** What journeys must hear of and nobody has told them, such as what the jobs of the night have written: once they are done. */
function drainDaily(machine: TimeMachine, zone: string): void {
  machine.at(nextDue({ time: '05:00', catchUp: 'PT0S' }, machine.clock.now(), zone), async () => {
    await machine.relay.drain();
    drainDaily(machine, zone);
  });
}

/** An event that the database cannot hold is left out, as a gateway would refuse it. */
async function submit(
  intake: Intake,
  sourceId: string,
  events: readonly Recorded[],
  shop: ShopSettings,
): Promise<void> {
  const submitted = intake.submit(
    sourceId,
    events.map((one) => eventOf(one, shop)),
  );
  await submitted.catch((error: unknown) => {
    if (!(error instanceof RefusedEvents)) throw error;
  });
}

function* gathered(events: readonly Recorded[]): Generator<Recorded[]> {
  let together: Recorded[] = [];
  for (const event of events) {
    if (together[0] !== undefined && event.at - together[0].at > gatherMs) {
      yield together;
      together = [];
    }
    together.push(event);
    if (isBrowsing(event.name)) continue;
    yield together;
    together = [];
  }
  if (together.length > 0) yield together;
}

function inStock({ url, price, ...product }: Product, shop: ShopSettings): ProductInput {
  const own = new URL(`/products/${encodeURIComponent(product.id)}`, shop.url).href;
  const offer = price === null ? [] : [{ region: '*', price, oldPrice: null, stock }];
  return { ...product, url: url ?? own, attributes: {}, offers: offer };
}

/** Only what these journeys hear of: the others never begin. */
function narrowed(table: Routing, journeys: readonly string[]): Routing {
  const entries = Object.entries(table).map(
    ([event, routes]) => [event, routes.filter(({ journey }) => journeys.includes(journey))] as const,
  );
  return Object.fromEntries(entries.filter(([, routes]) => routes.length > 0));
}

/** What the activities are made of, with providers that take everything, send nothing, and are counted. */
async function recording(took: () => void): Promise<Omit<ActivityDeps, 'db' | 'clock'>> {
  const channelOf = (name: ChannelName): Channel => ({
    name,
    provider: 'recording',
    async submit({ id }) {
      took();
      return { result: 'accepted', providerId: id };
    },
    close: async () => {},
  });
  const channels = Object.fromEntries(channelNames.map((name) => [name, channelOf(name)])) as Record<
    ChannelName,
    Channel
  >;
  // Links of these messages lead nowhere and open nothing.
  const publicUrl = 'https://backtest.invalid';
  const secret = 'what signs the links of messages that nobody gets';
  return { channels, renderer: await createRenderer(), publicUrl, secret, log };
}
