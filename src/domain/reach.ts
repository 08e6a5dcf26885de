import { channelFacts } from './channels.ts';
import { type ChannelName, channelNames, type MessageFlags } from './journey.ts';
import type { UnreachableReason } from './reasons.ts';
import type { ShopSettings } from './shop.ts';
import type { Topic } from './topics.ts';

export type SuppressionReason = 'bounced' | 'complained' | 'blocked' | 'unsubscribed';

/** All that is known of how one profile of a customer may be written to. */
export interface Contactability {
  email: string | null;
  phone: string | null;
  telegram: string | null;
  /** Browsers and apps that take notifications, the newest first. */
  devices: { channel: ChannelName; address: string; keys: { p256dh: string; auth: string } | null }[];
  /** The newest words on advertising; `*` is all channels, or all topics. */
  consents: { channel: ChannelName | '*'; topic: Topic | '*'; state: 'granted' | 'denied' }[];
  /** The newest word on keeping their data for advertising (152-FZ), null where nothing was ever said. */
  personalData: 'granted' | 'denied' | null;
  /** Channels on which somebody said yes in their name and it is still to be confirmed. */
  unconfirmed: ChannelName[];
  suppressions: { channel: ChannelName; address: string; reason: SuppressionReason }[];
}

/** What is known of one address of a customer. */
export interface Reach {
  channel: ChannelName;
  address: string | null;
  /** The newest word on advertising for the channel, null where nothing was ever said. */
  consent: 'granted' | 'denied' | null;
  /** `unsubscribed`: its owner had said so before they were erased. */
  suppressed: SuppressionReason | null;
  /** These two left out: they were not read, and who decides on a message asks again. */
  isUnconfirmed?: boolean;
  personalData?: 'granted' | 'denied' | null;
}

/** How a customer is reached on a channel, with what concerns `topic`. */
export function reachOf(known: Contactability, channel: ChannelName, topic: Topic | '*' = '*'): Reach {
  const address = addressOf(known, channel);
  const words = known.consents.filter((word) => word.channel === channel || word.channel === '*');
  const denied = words.some((word) => word.state === 'denied' && (word.topic === '*' || word.topic === topic));
  const granted = words.some((word) => word.state === 'granted' && (word.topic === '*' || word.topic === topic));
  const suppression = known.suppressions.find((one) => one.channel === channel && one.address === address);
  return {
    channel,
    address,
    consent: denied ? 'denied' : granted ? 'granted' : null,
    suppressed: suppression?.reason ?? null,
    isUnconfirmed: known.unconfirmed.includes(channel),
    personalData: known.personalData,
  };
}

function addressOf(known: Contactability, channel: ChannelName): string | null {
  const { address } = channelFacts[channel];
  return address === 'device' ? (devicesOf(known, channel)[0]?.address ?? null) : known[address];
}

export function devicesOf({ devices }: Pick<Contactability, 'devices'>, channel: ChannelName) {
  return devices.filter((device) => device.channel === channel);
}

/** Why somebody may not be written to, or null (`semantics.md`, Reachable). A complaint stops advertising only; so does the
 *  no of an owner before, until this one says yes. */
export function unreachableBecause(
  reach: Reach,
  kind: MessageFlags['kind'],
  shop: ShopSettings,
): UnreachableReason | null {
  if (!shop.channels.includes(reach.channel)) return 'no_provider';
  if (reach.address === null) return 'no_address';
  const { suppressed } = reach;
  if (kind === 'service') return suppressed === 'complained' || suppressed === 'unsubscribed' ? null : suppressed;
  if (suppressed !== null && !(suppressed === 'unsubscribed' && reach.consent === 'granted')) return suppressed;
  if (reach.consent === 'denied') return 'unsubscribed';
  if (reach.consent === null && consentRule(shop, reach.channel) === 'explicit') return 'no_consent';
  if (reach.isUnconfirmed === true) return 'unconfirmed';
  return mayKeepData(reach, shop) ? null : 'no_personal_data_consent';
}

/** Who says no to it is heard also where the shop needs no yes. */
function mayKeepData({ personalData }: Reach, shop: ShopSettings): boolean {
  if (personalData === undefined) return true;
  return shop.personalDataConsent === 'required' ? personalData === 'granted' : personalData !== 'denied';
}

/** Whether advertising on a channel needs a recorded consent: the shop's word, else what is usual there. */
export function consentRule(shop: ShopSettings, channel: ChannelName): 'implied' | 'explicit' {
  return shop.consent[channel] ?? channelFacts[channel].consent;
}

/** Whether marketing (or service) may go to somebody on any channel that the shop uses. */
export function isReachable(
  known: Contactability,
  shop: ShopSettings,
  topic: Topic | '*' = '*',
  kind: MessageFlags['kind'] = 'marketing',
): boolean {
  return channelNames.some((channel) => unreachableBecause(reachOf(known, channel, topic), kind, shop) === null);
}

/** Whether the customer said no to advertising wherever they could be written to. */
export function hasRefused(known: Contactability, shop: ShopSettings, topic: Topic | '*' = '*'): boolean {
  return addressesOf(known, shop, topic).length > 0 && wantsNothing(known, shop, topic);
}

/** Whether there is no channel on which they have not said no: also where they could not be written to anyway. */
export function wantsNothing(known: Contactability, shop: ShopSettings, topic: Topic | '*' = '*'): boolean {
  return addressesOf(known, shop, topic).every(({ consent }) => consent === 'denied');
}

function addressesOf(known: Contactability, shop: ShopSettings, topic: Topic | '*'): Reach[] {
  const reaches = shop.channels.map((channel) => reachOf(known, channel, topic));
  return reaches.filter(({ address }) => address !== null);
}
