import { z } from 'zod';
import type { Db } from '#db/connect.ts';
import { plannedForAll, plannedIds, type RuleCount, ruleCounts, slotTakers, voiceOf } from '#db/plans.ts';
import { durationMs } from '#domain/duration.ts';
import { historySince } from '#domain/forecast.ts';
import { Tally, weekStarts } from '#domain/forecast-weeks.ts';
import type { PolicyRule } from '#domain/policy.ts';
import { reasonInWords } from '#domain/reasons-words.ts';
import type { Locale } from '#domain/shop.ts';
import { foresee, type Voice } from './foresee.ts';
import { languageOf } from './language.ts';
import { route } from './route.ts';
import { languageQuery } from './schemas/common.ts';
import { shopForecast } from './schemas/forecast.ts';

/** Customers whose plans are read together. */
const batch = 1_000;
const idsAtOnce = 20_000;
/** Held decisions of a journey that are looked at for who had their places: the newest. */
const mostHeld = 10_000;
const least = '00000000-0000-0000-0000-000000000000';

const whole = (name: string, most: number, usual: number) =>
  z.coerce
    .number()
    .pipe(z.int().min(1).max(most))
    .default(usual)
    .meta({ type: 'integer', minimum: 1, maximum: most, default: usual, description: name });

const query = z.strictObject({
  ...languageQuery,
  weeks: whole('How many weeks ahead', 26, 4),
  days: whole('Days back that warnings look at', 90, 14),
  share: z.coerce.number().pipe(z.number().min(0).max(1)).default(0.25).meta({
    type: 'number',
    description: 'A journey of whose decisions the policy holds a larger share than this is warned of',
  }),
});

const forecastRoute = route({
  method: 'get',
  path: '/forecast',
  tag: 'Journeys',
  summary: 'Messages to expect by week, and which journeys the contact policy starves',
  description:
    'The planned message of every live run, at the time at which the contact policy will let it go. A run plans its next message ' +
    'only: what it sends after that, and runs that are yet to start, are not in it.',
  query,
  answer: shopForecast,
  async handle({ query: { weeks, days, share, lang }, request, deps: { db, clock } }) {
    const now = clock.now();
    const locale = languageOf(request, lang);
    const voice = await voiceOf(db);
    const starts = weekStarts(now, voice.shop.zone, weeks);
    const from = new Date(now.getTime() - days * 86_400_000);
    const [tally, items] = await Promise.all([
      tallyOf(db, voice, now, starts),
      starved(db, { from, to: now, share, locale }, voice.policy.rules),
    ]);
    return { at: now, ...shown(tally, starts, locale), warnings: { from, to: now, share, items } };
  },
});

/** All planned contacts of the shop, customer by customer: no more than a batch of them is in memory. */
async function tallyOf(db: Db, voice: Voice, now: Date, starts: readonly Date[]): Promise<Tally> {
  const tally = new Tally(starts);
  const since = historySince(voice.policy, now);
  for (let after = least; ; ) {
    const ids = await plannedIds(db, after, idsAtOnce);
    for (let start = 0; start < ids.length; start += batch)
      for (const customer of await plannedForAll(db, ids.slice(start, start + batch), since))
        tally.add(customer.kind, foresee(customer, voice, now).expected);
    const last = ids.at(-1);
    if (ids.length < idsAtOnce || last === undefined) return tally;
    after = last;
  }
}

function shown(tally: Tally, starts: readonly Date[], locale: Locale) {
  const startOf = (week: number) => starts[week] ?? new Date(0);
  const counts = tally.weeks();
  const sum = (week: number) =>
    counts.filter((one) => one.week === week).reduce((total, one) => total + one.messages, 0);
  return {
    weeks: starts.slice(1).map((to, week) => ({ from: startOf(week), to, messages: sum(week) })),
    lookedAt: { runs: tally.runs, customers: tally.customers },
    items: counts.map(({ week, ...count }) => ({ week: startOf(week), ...count })),
    later: tally.later,
    never: tally.never().map((count) => ({ ...count, words: reasonInWords(count.reason, { locale }) })),
  };
}

interface Looking {
  from: Date;
  to: Date;
  share: number;
  locale: Locale;
}

async function starved(db: Db, looking: Looking, rules: readonly PolicyRule[]) {
  const byJourney = Map.groupBy(await ruleCounts(db, looking.from, looking.to), ({ journey }) => journey);
  const found = [...byJourney]
    .map(([journey, counts]) => ({ journey, ...heldIn(counts) }))
    .filter(({ share }) => share > looking.share)
    .toSorted((a, b) => b.share - a.share || b.held - a.held);
  const scopes = rules.map(({ name, channels, classes, window }) => {
    return { name, channels, classes, windowMs: durationMs(window) };
  });
  return Promise.all(
    found.map(async (one) => {
      const takenBy = await slotTakers(db, { ...looking, journey: one.journey, most: mostHeld }, scopes);
      return { ...one, takenBy, words: warning(one, looking) };
    }),
  );
}

function heldIn(counts: readonly RuleCount[]) {
  const decisions = counts.reduce((total, { count }) => total + count, 0);
  const byRule = Map.groupBy(
    counts.filter(({ rule }) => rule !== null),
    ({ rule }) => rule ?? '',
  );
  const rules = [...byRule].map(([rule, found]) => {
    const of = (decision: string) =>
      found.filter((one) => one.decision === decision).reduce((total, { count }) => total + count, 0);
    return { rule, deferred: of('defer'), dropped: of('drop') };
  });
  const heldBy = ({ deferred, dropped }: (typeof rules)[number]) => deferred + dropped;
  rules.sort((a, b) => heldBy(b) - heldBy(a));
  const held = rules.reduce((total, rule) => total + heldBy(rule), 0);
  return { decisions, held, share: held / decisions, rules };
}

function warning(
  { journey, share, decisions, rules }: ReturnType<typeof heldIn> & { journey: string },
  looking: Looking,
) {
  const percent = Math.round(share * 100);
  const days = Math.round((looking.to.getTime() - looking.from.getTime()) / 86_400_000);
  const rule = rules[0]?.rule ?? '';
  return looking.locale === 'en'
    ? `Rules starve ${journey}: in ${days} days they put off or dropped ${percent} % of its decisions (${decisions}), the most by ${rule}.`
    : `Правила душат цепочку ${journey}: за ${days} дн. они отложили или отбросили ${percent} % её решений (${decisions}), больше всего — ${rule}.`;
}

export const forecastRoutes = [forecastRoute];
