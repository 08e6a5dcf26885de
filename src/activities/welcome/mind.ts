import type { Mind, Situation, Step, Upcoming } from '#activities/mind.ts';
import { durationMs } from '#domain/duration.ts';
import type { MessageFlags } from '#domain/journey.ts';
import { contract, type MessageName, sameAnswer } from '#workflows/welcome/contract.ts';
import { compose } from './content.ts';
import { settingsOf, type WelcomeStep } from './settings.ts';

/** Welcome (J1, J2): of the branch for what the customer is, the first message whose question is not answered yet. */
export const mind: Mind = {
  contract,
  isEnabled: (facts) => settingsOf(facts).raw.enabled && settingsOf(facts).branches[facts.customer.kind].length > 0,
  entryValidForMs: (facts) => settingsOf(facts).entryValidForMs,
  step,
  done(progress, at): Progress {
    const { done, due } = memory(progress);
    return { done: due === null ? done : [...done, due], due: null, at };
  },
  first(situation) {
    const next = nextOf(situation);
    if (next === null) return { block: 'how-it-works', until: situation.now, upcoming: null };
    return { block: next.message, until: next.due, upcoming: upcomingOf(next) };
  },
  // Nobody is new twice.
  deservesAnother: () => false,
  afterOrder(situation) {
    const next = nextOf(situation);
    if (next === null) return 'ends';
    return next.message === situation.facts.run?.block ? 'goes_on' : 'turns';
  },
  compose,
};

/** A run's memory: messages that are done (sent, skipped or dropped), the one that is on its way, and when the last was done. */
interface Progress {
  done: string[];
  due: string | null;
  at: number | null;
}

function memory(progress: unknown): Progress {
  return { done: [], due: null, at: null, ...(progress as Partial<Progress> | null) };
}

function step(situation: Situation): Step {
  const progress = memory(situation.progress);
  const next = nextOf(situation);
  if (next === null) return { do: 'nothing', why: 'completed' };
  const { message: block, due, promo } = next;
  const upcoming = upcomingOf(next);
  if (due > situation.now) return { do: 'wait', block, until: due, upcoming, progress };
  return { do: 'send', block, iteration: 1, refs: [], promo, progress: { ...progress, due: block }, ...upcoming };
}

type Next = WelcomeStep & { due: number };

function upcomingOf({ message, due, validForMs, cascade }: Next): Upcoming {
  return { message, firstDue: due, validForMs, cascade };
}

/** Null: there is nothing more to say. */
function nextOf(situation: Situation): Next | null {
  const { facts, triggerAt, waitEnd } = situation;
  const { raw, branches } = settingsOf(facts);
  if (facts.hasBought && raw.afterOrder === 'end') return null;
  const steps = branches[facts.customer.kind];
  const { answered, at } = heard(situation);
  const left = steps.filter(
    ({ message, part }) => !answered.has(questionOf(message)) && !(facts.hasBought && part === 'selling'),
  );
  const [step] = left;
  if (step === undefined) return null;
  if (at === null) return { ...step, due: triggerAt + step.afterMs };
  // Who has heard something, perhaps from the other branch, hears the first of this one no sooner than a second.
  const { afterMs } = (step === steps[0] ? steps[1] : undefined) ?? step;
  const due = waitEnd(at, afterMs);
  const reminder = left.find(({ message }) => codeIn(message) === 'reminds');
  return { ...(reminder && due >= reminderDue(steps, facts) ? reminder : step), due };
}

/** So much earlier a wait may end for the customer's best hour. */
const halfADay = durationMs('PT12H');

/** When who was given a code is to be reminded at the latest: as long after it as the branch says. Who changes branch has more to hear
 *  in between, and the code would end first. */
function reminderDue(steps: readonly WelcomeStep[], { spoken }: Situation['facts']): number {
  const giving = steps.findIndex(({ message }) => codeIn(message) === 'gives');
  const reminding = steps.findIndex(({ message }) => codeIn(message) === 'reminds');
  const given = spoken.filter(({ branch }) => codeIn(branch) === 'gives').map(({ at }) => at);
  const after = steps.slice(giving + 1, reminding + 1).reduce((sum, { afterMs }) => sum + afterMs, 0);
  return giving < 0 || given.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...given) + after - halfADay;
}

const flags: Readonly<Record<string, MessageFlags>> = contract.messages;

function codeIn(message: string): MessageFlags['promo'] {
  return flags[message]?.promo;
}

/** What the customer was told, and when last: by this run, and by those of customers who were joined to this one. */
function heard({ facts, progress }: Situation): { answered: ReadonlySet<string>; at: number | null } {
  const { done, at } = memory(progress);
  const elsewhere = facts.spoken.filter(({ runId }) => runId !== facts.run?.id);
  const messages = [...done, ...elsewhere.map(({ branch }) => branch)];
  const times = [at, ...elsewhere.map((one) => one.at)].filter((time) => time !== null);
  return { answered: new Set(messages.map(questionOf)), at: times.length > 0 ? Math.max(...times) : null };
}

function questionOf(message: string): string {
  return sameAnswer[message as MessageName] ?? message;
}
