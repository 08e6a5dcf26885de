import { setImmediate } from 'node:timers/promises';
import { consentRules } from '#api/advertising.ts';
import type { ApiDeps } from '#api/deps.ts';
import { Overloaded } from '#db/intake.ts';
import { type Heard, recordProviderEvents } from '#db/provider-events.ts';
import { type Clock, toBusiness } from '#domain/clock.ts';
import type { ProviderEvent } from '#domain/provider-event.ts';
import { defaultShop } from '#domain/shop.ts';

/** Whose words they are. */
export interface Teller {
  provider: string;
  /** Of `sources`. */
  sourceId: string;
}

/** `early`: how many are about messages whose submission is not recorded yet: the provider must tell them again. */
export interface Kept {
  early: number;
}

/** What providers told, on its way into the ledger. */
export interface Hearing {
  /** Resolves when it is committed. Rejects with Overloaded where nothing was tried. */
  keep(teller: Teller, events: readonly ProviderEvent[]): Promise<Kept>;
}

type Deps = Pick<ApiDeps, 'db' | 'clock' | 'relay' | 'shop'>;

/** Measured: larger transactions only make those behind them wait. */
const eventsAtOnce = 500;
/** A few seconds' worth. */
const mostWaiting = 50_000;

interface Waiting {
  heard: Heard[];
  resolve(kept: Kept): void;
  reject(error: unknown): void;
}

/** Group commit, as intake has it: what comes while a transaction is under way waits for the next, and goes together. Providers
 *  send thousands of webhooks in a second, mostly of one event each. */
export function createHearing(deps: Deps): Hearing {
  const waiting: Waiting[] = [];
  let length = 0;
  let isBusy = false;

  async function drain(): Promise<void> {
    isBusy = true;
    // After all requests of this turn of the event loop are in.
    await setImmediate();
    while (waiting.length > 0) await record(deps, take());
    isBusy = false;
  }

  function take(): Waiting[] {
    const batch: Waiting[] = [];
    let count = 0;
    while (waiting[0] && (count === 0 || count + waiting[0].heard.length <= eventsAtOnce)) {
      const next = waiting.splice(0, 1)[0] as Waiting;
      count += next.heard.length;
      batch.push(next);
    }
    length -= count;
    return batch;
  }

  return {
    keep({ provider, sourceId }, events) {
      if (length + events.length > mostWaiting) return Promise.reject(new Overloaded('too much waits to be kept'));
      const heard = events.map((event) => ({
        ...storable(event),
        provider,
        sourceId,
        at: momentOf(event, deps.clock),
      }));
      length += heard.length;
      return new Promise((resolve, reject) => {
        waiting.push({ heard, resolve, reject });
        if (!isBusy) void drain();
      });
    },
  };
}

/** Never rejects. What fails together is tried one by one, so that one delivery takes no other with it. */
async function record(deps: Deps, batch: readonly Waiting[]): Promise<void> {
  const { db, clock, relay, shop } = deps;
  try {
    const all = batch.flatMap(({ heard }) => heard);
    const rules = consentRules(shop?.() ?? defaultShop);
    const { outbox, early } = await recordProviderEvents(db, all, { now: clock.now(), rules });
    let place = 0;
    for (const { heard, resolve } of batch) {
      resolve({ early: heard.filter(() => early.has(place++)).length });
    }
    if (outbox.length > 0) void relay.push(outbox);
  } catch (error) {
    if (batch.length > 1) for (const one of batch) await record(deps, [one]);
    else for (const { reject } of batch) reject(error);
  }
}

const oldest = 60 * 24 * 3_600_000;

/** In business time, never in the future; what a provider says of a long gone time is taken for two months ago. */
function momentOf({ at }: ProviderEvent, clock: Clock): Date {
  const now = clock.now().getTime();
  const told = at === null || !Number.isFinite(at) ? now : toBusiness(at, clock.time);
  return new Date(Math.min(now, Math.max(told, now - oldest)));
}

/** Without what PostgreSQL cannot hold in a text. */
function storable(event: ProviderEvent): ProviderEvent {
  const { message, address, reason } = event;
  const isOurs = message === null || 'id' in message;
  return {
    ...event,
    message: isOurs ? message : { providerId: clean(message.providerId) },
    address: address === null ? null : clean(address),
    reason: reason === null ? null : clean(reason).slice(0, 500),
  };
}

function clean(text: string): string {
  return text.toWellFormed().replaceAll('\0', '');
}
