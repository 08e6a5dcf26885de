import type { Db } from '#db/connect.ts';
import type { DecisionView } from '#db/decisions.ts';
import { contactRows, contactsAt, policyVersions } from '#db/why.ts';
import { holdersOf } from '#domain/forecast.ts';
import { defaultPolicy, type PolicySettings } from '#domain/policy.ts';
import { decisionInWords, nextStep, type Speaker, zoneIn } from '#domain/reasons-words.ts';

/** Decisions with their words. Of a full rule it is said whose contacts had its places: by the messages and the policy of then. */
export async function inWords(
  db: Db,
  customerIds: readonly string[],
  decisions: readonly DecisionView[],
  speaker: Speaker,
) {
  const holders = await holdersFor(db, customerIds, decisions, speaker);
  return decisions.map((decision) => ({
    ...decision,
    words: decisionInWords(decision, speaker, holders(decision)),
    next: nextStep(decision.reason, speaker.locale),
  }));
}

const ruleOf = ({ reason }: DecisionView) => /^(?:expired:)?policy:(.*)$/.exec(reason)?.[1];

async function holdersFor(
  db: Db,
  customerIds: readonly string[],
  decisions: readonly DecisionView[],
  speaker: Speaker,
) {
  const held = decisions.filter((decision) => ruleOf(decision) !== undefined).map(({ at }) => at.getTime());
  if (held.length === 0) return () => [];
  const [rows, versions] = await Promise.all([
    contactRows(db, customerIds, new Date(Math.min(...held)), new Date(Math.max(...held))),
    policyVersions(db),
  ]);
  return (decision: DecisionView) => {
    const policy: PolicySettings = versions.find(({ at }) => at <= decision.at)?.value ?? defaultPolicy;
    const rule = policy.rules.find(({ name }) => name === ruleOf(decision));
    if (rule === undefined) return [];
    const contacts = contactsAt(rows, decision.at);
    const holding = holdersOf(contacts, rule, decision.at, zoneIn(decision.details, speaker).zone);
    const journeys = new Map(contacts.map(({ key, journey }) => [key, journey]));
    return holding.map(({ at, key }) => ({ at, journey: journeys.get(key) ?? '' }));
  };
}
