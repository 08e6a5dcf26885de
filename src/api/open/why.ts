import { z } from 'zod';
import type { ApiDeps } from '#api/deps.ts';
import { Problem } from '#api/problems.ts';
import { contactabilityOf } from '#db/contactability.ts';
import { type About, listDecisions } from '#db/decisions.ts';
import { plannedFor, voiceOf } from '#db/plans.ts';
import { messagesAbout, missedBy, runsAbout } from '#db/why.ts';
import type { Contract } from '#domain/journey.ts';
import { reachOf, unreachableBecause } from '#domain/reach.ts';
import { fateInWords, missedInWords, nothingInWords, reachInWords, runInWords } from '#domain/reasons-story.ts';
import { nextStep, type Speaker } from '#domain/reasons-words.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { contracts } from '#workflows/catalogue.ts';
import { gone, living, params, tag } from './customers.ts';
import { foresee } from './foresee.ts';
import { languageOf } from './language.ts';
import { itemsOf } from './plan.ts';
import { route } from './route.ts';
import { instantInput, languageQuery } from './schemas/common.ts';
import { why as answer } from './schemas/why.ts';
import { inWords } from './words.ts';

const most = 50;
/** What was decided so long before and after `at` is about it. */
const aroundMs = 3 * 86_400_000;
const known: Readonly<Record<string, Contract>> = contracts;

const why = route({
  method: 'get',
  path: '/customers/{id}/why',
  tag,
  summary: 'Why did or didn’t this customer get that? In words',
  description:
    'Decisions with their reasons, what became of the messages, why no run began, what is planned, and whether the customer ' +
    'can be written to. The reasons are those of docs/decisions.md.',
  params,
  query: z.strictObject({
    ...languageQuery,
    journey: z.string().max(100).optional(),
    message: z.string().max(100).optional().meta({ description: 'A message of it, or a block' }),
    at: instantInput.optional().meta({ description: 'What was decided within three days of this instant' }),
  }),
  answer,
  problems: [...gone, 'journey_not_found'],
  async handle({ params, query: { journey, message, at, lang }, request, deps }) {
    const { id, ids } = await living(deps, params.id);
    const now = deps.clock.now();
    const [customer, voice] = await Promise.all([plannedFor(deps.db, id, now), voiceOf(deps.db)]);
    if (!customer) throw new Problem('customer_not_found');
    const { zone, from: zoneFrom, expected } = foresee(customer, voice, now);
    const speaker: Speaker = { locale: languageOf(request, lang), zone, zoneFrom, now };
    const about = { journey, message, ...around(at) };
    const found = await lookUp(deps, { id, ids, about, speaker, shop: voice.shop });
    const isAsked = ({ plan }: (typeof expected)[number]) =>
      (journey === undefined || plan.journey === journey) &&
      (message === undefined || plan.message === message || plan.block === message);
    const plan = itemsOf(expected, speaker).filter(({ runId }) =>
      expected.some((one) => one.plan.runId === runId && isAsked(one)),
    );
    if (journey !== undefined && known[journey] === undefined && isEmpty(found)) throw new Problem('journey_not_found');
    const asked = { customerId: id, journey: journey ?? null, message: message ?? null, at: at ?? null };
    return { ...asked, lang: speaker.locale, answer: summary(found, plan, journey ?? null, speaker), ...found, plan };
  },
});

function around(at: Date | undefined): Pick<About, 'from' | 'to'> {
  return at === undefined ? {} : { from: new Date(at.getTime() - aroundMs), to: new Date(at.getTime() + aroundMs) };
}

interface Looking {
  id: string;
  ids: readonly string[];
  about: About;
  speaker: Speaker;
  shop: ShopSettings;
}

type Found = Awaited<ReturnType<typeof lookUp>>;

/** Everything that the answer is made of, with its words. */
async function lookUp({ db }: ApiDeps, { id, ids, about, speaker, shop }: Looking) {
  const [decisions, messages, missed, runs, profiles] = await Promise.all([
    listDecisions(db, ids, null, most, about),
    messagesAbout(db, ids, about, most),
    missedBy(db, ids, about, most),
    runsAbout(db, ids, about, most),
    contactabilityOf(db, id),
  ]);
  return {
    decisions: await inWords(db, ids, decisions, speaker),
    messages: messages.map((row) => {
      const { id: messageId, reservedAt: at, journey, step, template, channel, state, failedReason, reason } = row;
      const told = { messageId, at, journey, step, template, channel, state, reason: failedReason ?? reason };
      return { ...told, words: fateInWords(row, speaker) };
    }),
    notEntered: missed.map((row) => ({
      ...row,
      words: missedInWords(row, speaker),
      next: nextStep(`not_entered:${row.reason}`, speaker.locale),
    })),
    runs: runs.map((run) => ({ ...run, words: runInWords(run, speaker) })),
    reachability: profiles.flatMap((profile) => reachability(profile, shop, about.journey, speaker)),
  };
}

/** By what the journey is about, on the channels of the shop. */
function reachability(
  { profile, known: contact }: Awaited<ReturnType<typeof contactabilityOf>>[number],
  shop: ShopSettings,
  journey: string | undefined,
  speaker: Speaker,
) {
  const contract = journey === undefined ? undefined : known[journey];
  const kind = contract?.class === 'service' ? 'service' : 'marketing';
  return shop.channels.map((channel) => {
    const reason = unreachableBecause(reachOf(contact, channel, contract?.topic ?? '*'), kind, shop);
    const next = reason === null ? null : nextStep(`unreachable:${reason}`, speaker.locale);
    return {
      profile,
      channel,
      reachable: reason === null,
      reason,
      words: reachInWords(channel, reason, speaker),
      next,
    };
  });
}

function isEmpty({ decisions, messages, notEntered, runs }: Found): boolean {
  return decisions.length + messages.length + notEntered.length + runs.length === 0;
}

/** The newest of what is known, then what is to come. */
function summary(found: Found, plan: readonly { words: string }[], journey: string | null, speaker: Speaker): string {
  const { decisions, messages, notEntered, runs } = found;
  const [decision] = decisions;
  const [message] = messages;
  const [missed] = notEntered;
  const [run] = runs;
  const said: string[] = [];
  // What became of a message says more than the decision to send it.
  if (decision !== undefined && decision.messageId !== message?.messageId) said.push(decision.words);
  if (message !== undefined) said.push(message.words);
  if (missed !== undefined && (run === undefined || missed.lastAt > run.enteredAt)) said.push(missed.words);
  if (run !== undefined) said.push(run.words);
  if (said.length === 0 && plan.length === 0)
    said.push(nothingInWords(journey, (journey === null ? undefined : known[journey]?.startsOn) ?? [], speaker));
  return [...said, ...plan.map(({ words }) => words)].join(' ');
}

export const whyRoutes = [why];
