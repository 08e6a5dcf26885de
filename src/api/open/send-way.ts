import type { ApiDeps } from '#api/deps.ts';
import { Problem } from '#api/problems.ts';
import { contactFor, type MessageRequest } from '#db/message-requests.ts';
import type { Cascade } from '#domain/cascade.ts';
import { channelFacts } from '#domain/channels.ts';
import type { ChannelName, ProfileKind } from '#domain/journey.ts';
import { type Contactability, reachOf, unreachableBecause } from '#domain/reach.ts';
import { defaultShop, type Locale, localeOf, locales, type ShopSettings } from '#domain/shop.ts';
import type { KnownTemplate } from './templates-known.ts';
import { fieldError } from './validate.ts';

/** What a template has texts for. */
type Texts = Pick<KnownTemplate, 'name' | 'has'>;

interface Wanted {
  customerId: string;
  profile: ProfileKind;
  to: MessageRequest['to'];
  channel?: ChannelName | undefined;
  cascade?: Cascade | undefined;
  locale?: Locale | undefined;
}

/** By which channels and in which language a message goes. Who could not be reached by any is told to the caller now: nobody else
 *  would look. */
export async function wayTo(
  deps: ApiDeps,
  wanted: Wanted,
  template: Texts,
): Promise<Pick<MessageRequest, 'cascade' | 'locale'>> {
  const found = await contactFor(deps.db, wanted.customerId, wanted.profile, wanted.to);
  if (found === null) throw new Problem('customer_not_found');
  const shop = deps.shop?.() ?? defaultShop;
  const preferred = wanted.locale ?? localeOf(found.locale, shop);
  const channels = channelsOf(wanted, template, shop);
  const locale = [preferred, ...locales].find((one) => channels.every((channel) => template.has(channel, one)));
  if (locale === undefined) throw noText(wanted, channels, template);
  const reached = channels.filter((channel) => objection(found.contact, channel, shop) === null);
  const [first] = reached;
  if (first === undefined) throw notReachable(found.contact, channels, shop);
  return { cascade: wanted.cascade ?? only(wanted.channel ?? first), locale };
}

function channelsOf({ channel, cascade, to }: Wanted, template: Texts, shop: ShopSettings): ChannelName[] {
  if (channel !== undefined) return [channel];
  if (cascade !== undefined) return cascade.channels.map((step) => step.channel);
  const fitting = shop.channels.filter((one) => to === null || channelFacts[one].address === to.kind);
  return fitting.filter((one) => locales.some((locale) => template.has(one, locale)));
}

function only(channel: ChannelName): Cascade {
  return { order: 'fixed', channels: [{ channel, advanceWhen: 'not_delivered', after: 'PT0S' }] };
}

function objection(contact: Contactability, channel: ChannelName, shop: ShopSettings) {
  return unreachableBecause(reachOf(contact, channel), 'service', shop);
}

function noText({ cascade }: Wanted, channels: ChannelName[], { name }: Texts): Problem {
  const field = cascade === undefined ? 'channel' : 'cascade';
  const message = `template ${name} has no text for ${channels.join(', ')} in one language`;
  return new Problem('invalid_request', { detail: `${message}.`, errors: [fieldError([field], message, true)] });
}

function notReachable(contact: Contactability, channels: ChannelName[], shop: ShopSettings): Problem {
  const errors = channels.map((channel) =>
    fieldError(['channel'], `${channel}: ${objection(contact, channel, shop)}`, true),
  );
  const detail = errors.map(({ message }) => message).join('; ');
  return new Problem('not_reachable', detail === '' ? {} : { detail: `${detail}.`, errors });
}
