import { because, messageWords, type Speaker, sentence, when } from './reasons-words.ts';
import type { Locale } from './shop.ts';

/** What became of messages and runs, as sentences. */

/** A row of the ledger, as far as it is told. */
export interface Fate {
  step: string;
  template: string;
  channel: string;
  state: string;
  reason: string | null;
  reservedAt: Date;
  acceptedAt: Date | null;
  deliveredAt: Date | null;
  openedAt: Date | null;
  openedBy: string | null;
  clickedAt: Date | null;
  unsubscribedAt: Date | null;
  complainedAt: Date | null;
  failedAt: Date | null;
  failedReason: string | null;
}

const openers: Readonly<Record<Locale, Readonly<Record<string, string>>>> = {
  en: {
    human: 'opened by a person on',
    machine: 'opened by a program on',
    unknown: 'opened (by a person or a program) on',
  },
  ru: {
    human: 'открыто человеком',
    machine: 'открыто программой',
    unknown: 'открыто (человеком или программой)',
  },
};

/** From the reservation to whatever the provider and the customer said last. */
export function fateInWords(fate: Fate, speaker: Speaker): string {
  const { locale } = speaker;
  const message = messageWords(fate, locale);
  const parts = [...stateWords(fate, speaker), ...engagementWords(fate, speaker)];
  return sentence(locale === 'en' ? `${message} was ${parts.join(', ')}` : `${message}: ${parts.join(', ')}`);
}

function stateWords(fate: Fate, speaker: Speaker): string[] {
  const { state, acceptedAt, deliveredAt, failedAt, failedReason, reservedAt, reason } = fate;
  const isEnglish = speaker.locale === 'en';
  const at = (english: string, russian: string, instant: Date | null) =>
    instant === null
      ? []
      : [isEnglish ? `${english} on ${when(instant, speaker)}` : `${russian} ${when(instant, speaker)}`];
  const taken = at('accepted by the provider', 'принято провайдером', acceptedAt);
  const delivered = at('delivered', 'доставлено', deliveredAt);
  // What a provider says stands as it is; what we gave up has a reason of ours.
  const said = state === 'dropped' && reason !== null ? because(reason, {}, speaker) : (failedReason ?? reason);
  const behind = said === null ? '' : `: ${said}`;
  switch (state) {
    case 'failed':
      return [
        ...taken,
        ...delivered,
        ...at('refused or returned', 'отклонено или возвращено', failedAt ?? reservedAt),
      ].map((part, index, all) => (index === all.length - 1 ? part + behind : part));
    case 'dropped':
      return [(isEnglish ? 'given up before it went' : 'отменено до отправки') + behind];
    case 'unknown':
      return [
        (isEnglish
          ? `handed to the provider on ${when(reservedAt, speaker)}, and nobody knows whether it went`
          : `передано провайдеру ${when(reservedAt, speaker)}, и не известно, ушло ли оно`) + behind,
      ];
    case 'reserved':
    case 'submitting':
      return [isEnglish ? 'about to be handed to the provider' : 'вот-вот уйдёт провайдеру'];
    default:
      return [...taken, ...delivered];
  }
}

function engagementWords(fate: Fate, { locale, ...rest }: Speaker): string[] {
  const { openedAt, openedBy, clickedAt, unsubscribedAt, complainedAt } = fate;
  const speaker = { locale, ...rest };
  const opened = openers[locale][openedBy ?? 'unknown'] ?? openers[locale].unknown;
  const others: [Date | null, string | undefined][] = [
    [openedAt, opened],
    [clickedAt, locale === 'en' ? 'clicked on' : 'переход по ссылке'],
    [complainedAt, locale === 'en' ? 'called spam on' : 'названо спамом'],
    [unsubscribedAt, locale === 'en' ? 'unsubscribed from on' : 'отписка'],
  ];
  return others.flatMap(([at, words]) => (at === null ? [] : [`${words} ${when(at, speaker)}`]));
}

export interface Missed {
  journey: string;
  reason: string;
  firstAt: Date;
  lastAt: Date;
  times: number;
}

/** Somebody met a trigger and did not enter. */
export function missedInWords({ journey, reason, firstAt, lastAt, times }: Missed, speaker: Speaker): string {
  const why = because(`not_entered:${reason}`, {}, speaker);
  const last = when(lastAt, speaker);
  if (speaker.locale === 'en') {
    const often = times > 1 ? ` (${times} times since ${when(firstAt, speaker)})` : '';
    return `On ${last} something came in that starts ${journey}, and no run began, because ${why}${often}.`;
  }
  const often = times > 1 ? ` (раз с ${when(firstAt, speaker)}: ${times})` : '';
  return `${last} произошло то, с чего начинается ${journey}, но она не началась, потому что ${why}${often}.`;
}

export interface Ran {
  journey: string;
  enteredAt: Date;
  endedAt: Date | null;
  outcome: string | null;
}

export function runInWords({ journey, enteredAt, endedAt, outcome }: Ran, speaker: Speaker): string {
  const from = when(enteredAt, speaker);
  const why = because(outcome ?? 'completed', {}, speaker);
  if (speaker.locale === 'en')
    return endedAt === null
      ? `A run of ${journey} began on ${from} and goes on.`
      : `A run of ${journey} began on ${from} and ended on ${when(endedAt, speaker)}, because ${why}.`;
  return endedAt === null
    ? `Цепочка ${journey} началась ${from} и идёт.`
    : `Цепочка ${journey} началась ${from} и закончилась ${when(endedAt, speaker)}, потому что ${why}.`;
}

/** Whether somebody can be written to on a channel now. `reason`: why not. */
export function reachInWords(channel: string, reason: string | null, speaker: Speaker): string {
  const isEnglish = speaker.locale === 'en';
  if (reason === null) return isEnglish ? `Can be written to by ${channel}.` : `Можно написать: ${channel}.`;
  const why = because(`unreachable:${reason}`, {}, speaker);
  return isEnglish ? `Cannot be written to by ${channel}: ${why}.` : `Нельзя написать (${channel}): ${why}.`;
}

/** Nothing is known at all. */
export function nothingInWords(journey: string | null, startsOn: readonly string[], { locale }: Speaker): string {
  const events = startsOn.map((name) => `"${name}"`).join(', ');
  if (locale === 'en') {
    const which = journey === null ? 'No journey' : `No run of ${journey}`;
    return `${which} has begun for this customer in that time${events === '' ? '' : `: none of ${events} came in`}.`;
  }
  const which = journey === null ? 'Ни одна цепочка' : `Цепочка ${journey}`;
  return `${which} за это время для клиента не начиналась${events === '' ? '' : `: не было ни одного из событий ${events}`}.`;
}
