import { sql } from 'kysely';
import type { Story, Word } from './queue-history.ts';
import type { QueueWorld } from './queue-world.ts';

interface Place {
  id: string;
  customer: string;
  number: number;
  joined: number;
  ended: number | null;
  outcome: string | null;
}

interface Hold {
  id: string;
  place: string;
  number: number;
  offered: number;
  accepted: number | null;
  until: number | null;
  ended: number | null;
  outcome: string | null;
}

interface Telling {
  place: string;
  hold: string | null;
  message: string;
  channel: string;
  result: string | null;
}

const ms = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::bigint`);
const hour = 3_600_000;

/** What of the promises of J9 an item's rows show to be broken, once its story is over: a sentence each. */
export async function brokenPromises(world: QueueWorld, story: Story): Promise<string[]> {
  const { item } = story;
  const { db } = world;
  const { rows: places } = await sql<Place>`
    select id, customer_id as customer, number, ${ms('joined_at')} as joined, ${ms('ended_at')} as ended, outcome from queue_places
    where item_id = ${item} order by number`.execute(db);
  const { rows: holds } = await sql<Hold>`
    select id, place_id as place, number, ${ms('offered_at')} as offered, ${ms('accepted_at')} as accepted, ${ms('until')} as until,
      ${ms('ended_at')} as ended, outcome from holds where item_id = ${item} order by number`.execute(db);
  const { rows: tellings } = await sql<Telling>`
    select place_id as place, hold_id as hold, message, channel, result from queue_notices where item_id = ${item}`.execute(
    db,
  );
  return [
    ...oneHolder(holds),
    ...inOrder(places, holds),
    ...everythingEnds(places, holds, tellings),
    ...holdsLast(holds),
    ...toldOnce(places, holds, tellings),
    ...(await nobodyLost(places, story)),
    ...(await nothingLeft(world, item)),
    ...(await sentOnce(world, item)),
  ];
}

function oneHolder(holds: readonly Hold[]): string[] {
  return holds.flatMap((hold, index) => {
    const next = holds[index + 1];
    return next && (hold.ended === null || hold.ended > next.offered)
      ? [`holds ${hold.number} and ${next.number} overlap`]
      : [];
  });
}

/** Who waits longer goes first: at each offer nobody waits who has a lower number. */
function inOrder(places: readonly Place[], holds: readonly Hold[]): string[] {
  return holds.flatMap(({ place: id, number, offered }) => {
    const place = places.find((one) => one.id === id);
    if (place === undefined) return [`hold ${number} is of no place`];
    const ahead = places.filter(
      (one) => one.number < place.number && (one.ended ?? Number.POSITIVE_INFINITY) > offered,
    );
    return ahead.map((one) => `place ${place.number} was offered the item before ${one.number}`);
  });
}

function everythingEnds(places: readonly Place[], holds: readonly Hold[], tellings: readonly Telling[]): string[] {
  return [
    ...places
      .filter(({ ended }) => ended === null)
      .map(({ number }) => `place ${number} still waits for what was sold`),
    ...holds.filter(({ ended }) => ended === null).map(({ number }) => `hold ${number} has not ended`),
    ...tellings
      .filter(({ result }) => result === null)
      .map(({ message, channel }) => `${message} by ${channel} is still to be told`),
  ];
}

function holdsLast(holds: readonly Hold[]): string[] {
  return holds.flatMap(({ number, accepted, until, ended, outcome }) => {
    const broken: string[] = [];
    if (until !== null && until - (accepted ?? 0) !== 16 * hour) broken.push(`hold ${number} is not for 16 hours`);
    if (outcome === 'expired' && (until === null || (ended ?? 0) < until))
      broken.push(`hold ${number} expired too soon`);
    if (until !== null && (ended ?? 0) > until + hour) broken.push(`hold ${number} outlived its time`);
    return broken;
  });
}

/** Each outcome has its message, told at most once a channel. */
function toldOnce(places: readonly Place[], holds: readonly Hold[], tellings: readonly Telling[]): string[] {
  const wanted = { expired: 'hold-cancelled', overtaken: 'overtaken', sold: 'item-sold' } as const;
  const broken = places.flatMap(({ id, number, outcome }) => {
    const about = tellings.filter(({ place, message }) => place === id && message !== 'offer');
    const message = outcome !== null && outcome in wanted ? wanted[outcome as keyof typeof wanted] : null;
    const stray = about
      .filter((one) => one.message !== message)
      .map((one) => `place ${number}, ${outcome}, is told ${one.message}`);
    return message !== null && about.length === 0 ? [...stray, `place ${number}, ${outcome}, is not told`] : stray;
  });
  const keys = tellings.map(({ place, hold, message, channel }) => `${place} ${hold} ${message} ${channel}`);
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index).map((key) => `twice: ${key}`);
  const unoffered = holds.filter(({ id }) => !tellings.some(({ hold, message }) => hold === id && message === 'offer'));
  // One that begins and ends in one look is offered to nobody.
  const silent = unoffered
    .filter(({ offered, ended }) => ended !== offered)
    .map(({ number }) => `hold ${number} is told to nobody`);
  return [...broken, ...twice, ...silent];
}

/** Whoever joined what was not sold has a place from then on, until they leave or it is over. */
async function nobodyLost(places: readonly Place[], { said, words }: Story): Promise<string[]> {
  const broken: string[] = [];
  for (const { customer, at, heardAt } of said) {
    const id = await customer();
    if (id === null || wasSold(words, at)) continue;
    const theirs = places.filter((place) => place.customer === id);
    const isKept = theirs.some(({ joined, ended }) => joined <= heardAt && (ended ?? heardAt) >= at);
    if (!isKept) broken.push(`${id} joined at ${new Date(at).toISOString()} and has no place`);
  }
  return broken;
}

function wasSold(words: readonly Word[], at: number): boolean {
  const sold = words.filter((word) => word.what === 'sold' && word.at <= at).map((word) => word.at);
  return sold.some((then) => !words.some((word) => word.what === 'returned' && word.at >= then && word.at < at));
}

async function nothingLeft({ db, machine }: QueueWorld, item: string): Promise<string[]> {
  const { rows: news } = await sql`select from item_news where item_id = ${item}`.execute(db);
  const { rows: live } = await sql`select from runs where key = ${item} and ended_at is null`.execute(db);
  const { rows: left } = await sql`
    select from messages m join runs r on r.id = m.run_id where r.key = ${item} and m.state in ('reserved', 'submitting')`.execute(
    db,
  );
  const { rows: kept } = await sql<{
    state: string;
    is_queued: boolean;
  }>`select state, is_queued from items where id = ${item}`.execute(db);
  const run = await machine.port.describe(`reservation:${item}`);
  return [
    ...(kept[0]?.is_queued && news.length > 0 ? ['news was not heard'] : []),
    ...(live.length > 0 ? ['its run is live'] : []),
    ...(left.length > 0 ? ['a message is neither sent nor dropped'] : []),
    ...(run?.state === 'running' ? ['its workflow runs'] : []),
    ...(kept[0]?.is_queued && run?.state !== 'running' ? ['somebody seems to wait, and no workflow runs'] : []),
  ];
}

/** No row of the ledger is handed over twice, but after a crash that nobody can judge. */
async function sentOnce({ db, submitted }: QueueWorld, item: string): Promise<string[]> {
  const { rows } = await sql<{ id: string; attempts: number }>`
    select m.id, m.attempts from messages m join runs r on r.id = m.run_id where r.key = ${item}`.execute(db);
  return rows.flatMap(({ id, attempts }) => {
    const times = submitted.filter((one) => one === id).length;
    return times > 1 && times > attempts ? [`message ${id} went ${times} times`] : [];
  });
}
