import { z } from 'zod';
import { Problem } from '#api/problems.ts';
import { type PlannedCustomer, type PlannedMessage, plannedFor, voiceOf } from '#db/plans.ts';
import { contactRows, contactsAt } from '#db/why.ts';
import { type Expected, type RuleState, ruleStates } from '#domain/forecast.ts';
import type { Contact, PolicySettings } from '#domain/policy.ts';
import { comingInWords, heldInWords } from '#domain/reasons-plan.ts';
import type { Speaker } from '#domain/reasons-words.ts';
import { gone, living, params, tag } from './customers.ts';
import { foresee } from './foresee.ts';
import { languageOf } from './language.ts';
import { route } from './route.ts';
import { languageQuery } from './schemas/common.ts';
import { customerPlan } from './schemas/plan.ts';

const plan = route({
  method: 'get',
  path: '/customers/{id}/plan',
  tag,
  summary: 'What is to come for a customer, when, from which run, and what stands in whose way',
  description:
    'Each live run plans its next message. `expectedAt` is the slot that the contact policy will give it if all goes as planned ' +
    'and nothing else comes; quiet hours are kept. A message that goes at the best hour may still be put off for it, once.',
  params,
  query: z.strictObject(languageQuery),
  answer: customerPlan,
  problems: gone,
  async handle({ params, query: { lang }, request, deps }) {
    const { id, ids } = await living(deps, params.id);
    const now = deps.clock.now();
    const [customer, voice, rows] = await Promise.all([
      plannedFor(deps.db, id, now),
      voiceOf(deps.db),
      contactRows(deps.db, ids, now, now),
    ]);
    if (!customer) throw new Problem('customer_not_found');
    const { zone, from: zoneFrom, expected } = foresee(customer, voice, now);
    const speaker = { locale: languageOf(request, lang), zone, zoneFrom, now };
    const states = ruleStates(customer.ledger.history, voice.policy, now, zone);
    const labels = new Map(contactsAt(rows, now).map(({ key, journey, step }) => [key, { journey, step }]));
    return {
      customerId: id,
      at: now,
      zone,
      zoneFrom,
      items: itemsOf(expected, speaker),
      contacts: contactsIn(customer, states, labels),
      rules: states.map(({ rule: { name, max, window, clock }, held, freeAt }) => {
        return { name, max, window, clock, used: held.length, freeAt };
      }),
      sale: saleState(customer.ledger.history, voice.policy),
      excludesBulk: customer.ledger.excludesBulk,
    };
  },
});

/** What is planned, in the order in which it is expected; what will not go stands last, by when it is due. */
export function itemsOf(expected: readonly Expected<PlannedMessage>[], speaker: Speaker) {
  const never = Number.POSITIVE_INFINITY;
  const ordered = expected.toSorted(
    (a, b) =>
      (a.at?.getTime() ?? never) - (b.at?.getTime() ?? never) || a.plan.due.getTime() - b.plan.due.getTime() || 0,
  );
  return ordered.map((one) => itemOf(one, expected, speaker));
}

function itemOf(one: Expected<PlannedMessage>, all: readonly Expected<PlannedMessage>[], speaker: Speaker) {
  const { plan, at, reason, blockedBy } = one;
  const { journey, runId, block, message, channel, class: rank, due, until, heldBy } = plan;
  const blocks = all.flatMap(({ plan: other, blockedBy: blockers }) =>
    blockers
      .filter((blocker) => blocker.runId === runId)
      .map(({ rule }) => ({ runId: other.runId, journey: other.journey, rule })),
  );
  const held = heldInWords(heldBy, speaker);
  const words = comingInWords(one, speaker);
  const about = { journey, runId, block, message, channel, class: rank, due, until };
  return { ...about, heldBy: held, expectedAt: at, reason, words, blockedBy, blocks };
}

function contactsIn(
  { ledger }: PlannedCustomer,
  states: readonly RuleState[],
  labels: ReadonlyMap<string, { journey: string; step: string }>,
) {
  const rulesOf = (key: string) =>
    states.filter(({ held }) => held.some((contact) => contact.key === key)).map(({ rule }) => rule.name);
  const newestFirst = ledger.history.toSorted((a, b) => b.at.getTime() - a.at.getTime());
  return newestFirst.flatMap(({ key, at, class: rank, channels, runId, sale }) => {
    const label = labels.get(key);
    const rules = rulesOf(key);
    return rules.length === 0 || !label
      ? []
      : [{ at, ...label, runId, class: rank, channels: [...channels], sale, rules }];
  });
}

function saleState(history: readonly Contact[], { sale }: PolicySettings) {
  if (!sale) return null;
  const marketing = history
    .filter((one) => one.class !== 'service')
    .toSorted((a, b) => a.at.getTime() - b.at.getTime());
  return { ...sale, used: marketing.slice(-sale.of + 1).filter((one) => one.sale).length };
}

export const planRoutes = [plan];
