import { codeOf } from './reasons.ts';
import type { Locale } from './shop.ts';
import type { ZoneFrom } from './zone.ts';

/** Reasons and instants as sentences for people, in their zone. */
export interface Speaker {
  locale: Locale;
  zone: string;
  /** Where the zone was taken from; null where nobody needs to know. */
  zoneFrom: ZoneFrom | null;
  /** The year of this instant is not said. */
  now: Date;
}

/** What is known about a reason beside its code. */
export interface Inputs {
  /** The contacts that had taken the places of its rule. */
  contacts?: readonly { at: Date; journey: string }[];
  /** Of `planned`: whose message it was held for, and when that was due. */
  journey?: string | undefined;
  due?: Date | undefined;
  /** When the message was first due. */
  firstDue?: Date | undefined;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: Locale, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${zone} ${JSON.stringify(options)}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : 'ru', { timeZone: zone, ...options });
  formats.set(key, made);
  return made;
}

/** `4 May at 21:10`; the time alone on the day of `sameDayAs`. */
export function when(instant: Date, { locale, zone, now }: Speaker, sameDayAs: Date | null = null): string {
  const day = (at: Date) => format(locale, zone, { dateStyle: 'short' }).format(at);
  const year = (at: Date) => format(locale, zone, { year: 'numeric' }).format(at);
  const time = { hour: 'numeric', minute: '2-digit' } as const;
  if (sameDayAs !== null && day(sameDayAs) === day(instant)) return format(locale, zone, time).format(instant);
  const dated = { day: 'numeric', month: 'long', ...time } as const;
  const options = year(now) === year(instant) ? dated : ({ ...dated, year: 'numeric' } as const);
  return format(locale, zone, options).format(instant);
}

const zoneSources: Readonly<Record<Locale, Record<ZoneFrom, string>>> = {
  en: { profile: 'by profile', phone: 'by phone', region: 'by region', shop: 'the shop’s zone' },
  ru: { profile: 'по профилю', phone: 'по телефону', region: 'по региону', shop: 'по магазину' },
};

/** `(Moscow, by phone)` */
export function zoneWords({ locale, zone, zoneFrom, now }: Speaker): string {
  const parts = format(locale, zone, { timeZoneName: 'shortGeneric' }).formatToParts(now);
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value.replace(/ Time$/, '') ?? zone;
  return zoneFrom === null ? `(${name})` : `(${name}, ${zoneSources[locale][zoneFrom]})`;
}

const shownContacts = 5;

/** Why, as it stands behind "because". */
export function because(reason: string, inputs: Inputs, speaker: Speaker): string {
  const found = codeOf(reason);
  const { locale } = speaker;
  if (found === null) return reason;
  const { code, said, argument } = found;
  const parts: Record<string, string> = {
    rule: argument,
    journey: inputs.journey ?? (locale === 'en' ? 'another journey' : 'другая'),
    argument: code === 'expired' ? because(argument, inputs, speaker) : argument,
    contacts: contactWords(inputs, speaker),
    due: inputs.due === undefined ? '' : ` ${onWord[locale]}${when(inputs.due, speaker)}`,
    firstDue: inputs.firstDue === undefined ? '' : `${firstDueWords[locale]}${when(inputs.firstDue, speaker)}`,
  };
  return said[locale].replace(/\{(\w+)\}/g, (_, name: string) => parts[name] ?? '');
}

const onWord: Readonly<Record<Locale, string>> = { en: 'on ', ru: 'на ' };
const firstDueWords: Readonly<Record<Locale, string>> = { en: ': it was first due on ', ru: ': срок подошёл ' };

function contactWords({ contacts = [] }: Inputs, speaker: Speaker): string {
  if (contacts.length === 0) return '';
  const shown = contacts.slice(-shownContacts).map(({ at, journey }) => `${when(at, speaker)} (${journey})`);
  const more = contacts.length > shownContacts ? ['…'] : [];
  return `: ${speaker.locale === 'en' ? 'contacts on' : 'контакты'} ${[...more, ...shown].join(', ')}`;
}

/** What to do about a reason. */
export function nextStep(reason: string, locale: Locale): string | null {
  return codeOf(reason)?.said.next[locale] ?? null;
}

/** A reason by itself, as a sentence: of blocks and holes, where many customers are counted. */
export function reasonInWords(reason: string, speaker: Pick<Speaker, 'locale'>): string {
  const plain = { ...speaker, zone: 'UTC', zoneFrom: null, now: new Date(0) };
  return sentence(because(reason, {}, plain));
}

export function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

/** A line of the decision ledger. */
export interface Decided {
  at: Date;
  step: string;
  channel: string | null;
  decision: string;
  reason: string;
  until: Date | null;
  /** As they were written: inputs, of which any may be missing. */
  details: Readonly<Record<string, unknown>>;
}

const verbs: Readonly<Record<Locale, Readonly<Record<string, string>>>> = {
  en: {
    send: 'was sent',
    defer: 'was put off until',
    skip: 'was skipped',
    drop: 'was dropped',
    suppress: 'was not sent',
    stop: 'was not sent, and the run ended',
  },
  ru: {
    send: 'отправлено',
    defer: 'отложено до',
    skip: 'пропущено',
    drop: 'отброшено',
    suppress: 'не отправлено',
    stop: 'не отправлено, и цепочка закончилась',
  },
};

/** A decision as a sentence. `shop`: whose clock is meant where the decision does not say. */
export function decisionInWords(decided: Decided, shop: Speaker, contacts: Inputs['contacts'] = []): string {
  const { at, step, channel, decision, reason, until, details } = decided;
  const speaker = { ...shop, ...zoneIn(details, shop) };
  const { locale } = shop;
  const start = locale === 'en' ? `On ${when(at, speaker)}` : when(at, speaker);
  const verb = verbs[locale][decision] ?? decision;
  const held = until === null ? '' : ` ${when(until, speaker, at)}`;
  const message = messageWords({ step, template: textIn(details, 'message') ?? null, channel }, locale);
  const why = because(reason, { ...inputsIn(details), contacts }, speaker);
  const link = locale === 'en' ? 'because' : 'потому что';
  const first = `${start} ${zoneWords(speaker)} ${message} ${verb}${held}, ${link} ${why}.`;
  return [first, ...passedOverWords(details, speaker)].join(' ');
}

/** `the message cart-1 (cart-reminder, email)`; `the message of the step idle` where a run ended before it was known which. */
export function messageWords(
  { step, template, channel }: { step: string; template: string | null; channel: string | null },
  locale: Locale,
): string {
  const more = [template, channel].filter((part) => part !== null && part !== step).join(', ');
  const which = { en: ['the message', 'of the step '], ru: ['сообщение', 'шага '] }[locale];
  return `${which[0]} ${template === null ? which[1] : ''}${step}${more === '' ? '' : ` (${more})`}`;
}

function passedOverWords({ passedOver }: Decided['details'], speaker: Speaker): string[] {
  if (typeof passedOver !== 'object' || passedOver === null) return [];
  const channels = Object.entries(passedOver).filter(([, reason]) => typeof reason === 'string');
  const start = speaker.locale === 'en' ? 'Not by' : 'Не через';
  return channels.map(([channel, reason]) => `${start} ${channel}: ${because(`unreachable:${reason}`, {}, speaker)}.`);
}

function textIn(details: Decided['details'], name: string): string | undefined {
  const value = details[name];
  return typeof value === 'string' ? value : undefined;
}

function dateIn(details: Decided['details'], name: string): Date | undefined {
  const at = new Date(textIn(details, name) ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

/** The zone that a decision was made in; the shop's where it does not say. */
export function zoneIn(details: Decided['details'], shop: Pick<Speaker, 'zone' | 'zoneFrom'>) {
  const zone = textIn(details, 'zone');
  const from = textIn(details, 'zoneFrom');
  const zoneFrom = (Object.keys(zoneSources.en) as ZoneFrom[]).find((one) => one === from) ?? null;
  return zone === undefined ? { zone: shop.zone, zoneFrom: shop.zoneFrom } : { zone, zoneFrom };
}

function inputsIn(details: Decided['details']): Inputs {
  const blocker = details.blockedBy;
  const by = typeof blocker === 'object' && blocker !== null ? (blocker as Decided['details']) : {};
  return { firstDue: dateIn(details, 'firstDue'), journey: textIn(by, 'journey'), due: dateIn(by, 'due') };
}
