import { sql } from 'kysely';
import { afterAll, expect } from 'vitest';
import type { Db } from '#db/connect.ts';
import { durationMs } from '#domain/duration.ts';
import type { ChannelName } from '#domain/journey.ts';
import { presetPools, presetSettings } from '#presets/presets.ts';
import { assortmentFor } from '#scripts/simulate/assortment.ts';
import { livingShop } from '#scripts/simulate/living.ts';
import { addressesOf, type Person } from '#simulator/person.ts';
import type { Rates } from '#simulator/rates.ts';
import { freshDatabase } from '#test/support/database.ts';
import { contracts } from '#workflows/catalogue.ts';

/** A message as the simulated customers' providers got it. */
export interface Got {
  /** The ledger's. */
  id: string;
  at: Date;
  person: Person;
  channel: ChannelName;
  /** `journey/message`. */
  message: string;
  isMarketing: boolean;
}

export interface Year {
  db: Db;
  people: readonly Person[];
  /** In the order of time. */
  got: readonly Got[];
  /** By whom and when a channel was lost. */
  lost: readonly Lost[];
  settings: Readonly<Record<string, unknown>>;
}

export interface Lost {
  /** Of the message that did it. */
  id: string;
  at: Date;
  person: Person;
  channel: string;
  did: 'unsubscribed' | 'bounced' | 'complained';
}

export interface Story {
  preset: string;
  customers: number;
  seed: number;
  rates: Partial<Rates>;
}

const start = new Date('2026-01-05T00:00:00Z');
const dayMs = durationMs('P1D');
const quarters = [91, 182, 273, 365];

/** A year of a retailer's simulated shop on the time machine, with its preset as it is and the regular jobs of every night. At the end of
 *  each quarter no promise of the system may be broken. What was sent is taken down where providers get it, beside the ledger. */
export async function liveYear({ preset, customers, seed, rates }: Story): Promise<Year> {
  const { url } = await freshDatabase();
  const settings = Object.fromEntries((presetSettings(preset) ?? []).map((one) => [one.name, one.value]));
  const got: Got[] = [];
  const lost: Lost[] = [];
  const byAddress = new Map<string, Person>();
  const who = (address: string) => byAddress.get(address) ?? expect.unreachable(`${address} is nobody's`);
  const shop = await livingShop({
    ...{ databaseUrl: url, customers, seed, rates, start, settings, jobsEveryDays: 1 },
    promoPools: presetPools(preset),
    assortment: assortmentFor(preset),
    watch: {
      sent({ id, to, journey, template, kind }, channel, at) {
        const message = `${journey}/${template}`;
        got.push({ id, at, person: who(to), channel, message, isMarketing: kind === 'marketing' });
      },
      told({ call }, at) {
        if (call.to !== 'message') return;
        const { did, message } = call;
        if (did !== 'unsubscribed' && did !== 'bounced' && did !== 'complained') return;
        lost.push({ id: message.id, at, person: who(message.to), channel: message.channel, did });
      },
    },
  });
  afterAll(() => shop.close());
  for (const person of shop.people) for (const address of addressesOf(person)) byAddress.set(address, person);
  for (const day of quarters) {
    await shop.machine.runUntil(new Date(start.getTime() + day * dayMs));
    expect(await shop.broken(), `day ${day}`).toEqual([]);
  }
  console.log(tableOf(got));
  return { db: shop.db, people: shop.people, got, lost, settings };
}

/** Who got what: a line for each message. */
function tableOf(got: readonly Got[]): string {
  const messages = [...new Set(got.map(({ message }) => message))].sort();
  const lines = messages.map((message) => {
    const those = got.filter((one) => one.message === message);
    const channels = [...new Set(those.map(({ channel }) => channel))].sort();
    const counts = channels.map((name) => `${those.filter(({ channel }) => channel === name).length} by ${name}`);
    return `${message}: ${new Set(those.map(({ person }) => person)).size} customers, ${counts.join(', ')}`;
  });
  return lines.join('\n');
}

/** Every message that these journeys' settings name, as `journey/message`; where they name none, every one that they have. */
export function messagesOf(settings: Year['settings'], journeys: readonly (keyof typeof contracts)[]): string[] {
  return journeys.flatMap((journey) => {
    const named = [...JSON.stringify(settings[journey]).matchAll(/"message":"([^"]+)"/g)].map(([, one]) => one ?? '');
    const messages = named.length > 0 ? named : Object.keys(contracts[journey].messages);
    return [...new Set(messages)].map((message) => `${journey}/${message}`);
  });
}

/** Two marketing messages in one customer's inbox less than so long apart. What bounced is in none. */
export function closerThan(ms: number, { got, lost }: Pick<Year, 'got' | 'lost'>): string[] {
  const bounced = new Set(lost.filter(({ did }) => did === 'bounced').map(({ id }) => id));
  const last = new Map<Person, Got>();
  return got.flatMap((one) => {
    if (!one.isMarketing || bounced.has(one.id)) return [];
    const before = last.get(one.person);
    last.set(one.person, one);
    if (before === undefined || one.at.getTime() - before.at.getTime() >= ms) return [];
    return [`${one.person.userId}: ${before.message} at ${before.at.toJSON()}, ${one.message} at ${one.at.toJSON()}`];
  });
}

/** Marketing on a channel on which its reader had unsubscribed. A company's buyer has two addresses, and leaves both by either. */
export function afterUnsubscribing({ got, lost }: Pick<Year, 'got' | 'lost'>): string[] {
  const unsubscribed = lost.filter(({ did }) => did === 'unsubscribed');
  return unsubscribed.flatMap(({ person, channel, at }) =>
    got
      .filter((one) => one.isMarketing && one.person === person && one.channel === channel && one.at > at)
      .map((one) => `${person.userId} left ${channel} at ${at.toJSON()}, and got ${one.message} at ${one.at.toJSON()}`),
  );
}

export async function column(db: Db, query: string): Promise<string[]> {
  const { rows } = await sql<{ one: string }>`${sql.raw(query)}`.execute(db);
  return rows.map(({ one }) => one);
}
