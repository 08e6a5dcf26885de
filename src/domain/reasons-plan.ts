import type { Expected } from './forecast.ts';
import { codeOf } from './reasons.ts';
import { because, type Inputs, messageWords, type Speaker, sentence, when } from './reasons-words.ts';
import type { Locale } from './shop.ts';

/** What holds a message that is still to come, behind a colon; the other reasons say the same of it as of what was decided. */
const ahead: Readonly<Record<Locale, Readonly<Record<string, string>>>> = {
  en: {
    policy: 'the rule {rule} leaves no place before',
    planned: 'under the rule {rule} goes first what {journey} plans',
    quiet_hours: 'it keeps quiet hours',
    expired: '{argument}, and after {until} it is too late',
    'expired:late': 'after {until} it is too late',
  },
  ru: {
    policy: 'по правилу {rule} раньше мест нет',
    planned: 'по правилу {rule} первым идёт то, что запланировано цепочкой {journey}',
    quiet_hours: 'тихие часы',
    expired: '{argument}, а после {until} уже поздно',
    'expired:late': 'после {until} уже поздно',
  },
};

/** A planned message with what its run and the policy say of it. */
export interface Coming extends Pick<Expected, 'at' | 'reason' | 'blockedBy'> {
  plan: Expected['plan'] & { message: string; block: string | null };
}

/** What is to become of a planned message, as a sentence. */
export function comingInWords({ plan, at, reason, blockedBy }: Coming, speaker: Speaker): string {
  const { locale } = speaker;
  const message = messageWords(
    { step: plan.block ?? plan.message, template: plan.message, channel: plan.channel },
    locale,
  );
  const due = when(plan.due, speaker);
  const inputs = { journey: blockedBy.at(-1)?.journey, until: plan.until };
  const why = reason === null ? '' : `: ${aheadBecause(reason, inputs, speaker)}`;
  const isLater = at !== null && at > plan.due;
  if (locale === 'en') {
    const then = at === null ? ' and will not be sent' : isLater ? ` and is expected on ${when(at, speaker)}` : '';
    return sentence(`${message} is due on ${due}${then}${why}`);
  }
  const then = at === null ? ' и не уйдёт' : isLater ? `, ожидается ${when(at, speaker)}` : '';
  return sentence(`${message}: срок ${due}${then}${why}`);
}

function aheadBecause(reason: string, inputs: { journey: string | undefined; until: Date }, speaker: Speaker): string {
  const found = codeOf(reason);
  const text = found === null ? undefined : ahead[speaker.locale][found.code];
  if (found === null || text === undefined)
    return because(reason, inputs.journey === undefined ? {} : { journey: inputs.journey }, speaker);
  const { argument } = found;
  const parts: Record<string, string> = {
    rule: argument,
    journey: inputs.journey ?? '…',
    argument: found.code === 'expired' ? aheadBecause(argument, inputs, speaker) : argument,
    until: when(inputs.until, speaker),
  };
  return text.replace(/\{(\w+)\}/g, (_, name: string) => parts[name] ?? '');
}

/** Why a run's message was not sent when it was due: a reason of the ledger, as the run keeps it with its plan. */
export function heldReason(heldBy: string | undefined): string | null {
  if (heldBy === undefined) return null;
  const deferred = /^deferred: (.+)$/.exec(heldBy)?.[1];
  return deferred ?? 'cascade';
}

/** The same with its words. */
export function heldInWords(heldBy: string | undefined, speaker: Speaker, inputs: Inputs = {}) {
  const reason = heldReason(heldBy);
  return reason === null ? null : { reason, words: sentence(because(reason, inputs, speaker)) };
}
