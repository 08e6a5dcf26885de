import type { Channel } from '#channels/channel.ts';
import type { Facts } from '#db/facts.ts';
import type { Odds } from '#domain/cascade.ts';
import { channelFacts } from '#domain/channels.ts';
import type { ChannelName, MessageFlags } from '#domain/journey.ts';
import { defaultPolicy, type PolicySettings } from '#domain/policy.ts';
import { reactionChance } from '#domain/reactions.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { zoneOf } from '#domain/zone.ts';
import type { ActivityDeps } from './deps.ts';
import type { Mind, Situation } from './mind.ts';
import { minds } from './minds.ts';

const known: Readonly<Record<string, Mind>> = minds;

export function mindOf(journey: string): Mind {
  const mind = known[journey];
  if (mind === undefined) throw new Error(`journey ${journey} has no mind: run \`npm run generate\``);
  return mind;
}

/** Whether an order has reached the goal of the run. */
export function isAtGoal(mind: Mind, situation: Situation): boolean {
  return situation.facts.ordered && (mind.afterOrder?.(situation) ?? 'ends') === 'ends';
}

/** Settings that were saved before a field existed take its default. */
export function shopOf({ settings: { shop } }: Facts): ShopSettings {
  return { ...defaultShop, ...(shop?.value as Partial<ShopSettings> | undefined) };
}

export function policyOf({ settings: { policy } }: Facts): PolicySettings {
  return (policy?.value as PolicySettings | undefined) ?? defaultPolicy;
}

/** The zone whose calendar and clock count for the customer. */
export function zoneFor({ customer, contact }: Facts, shop: ShopSettings) {
  return zoneOf({ zone: customer.zone, region: customer.region, phone: contact.phone }, shop);
}

export function flagsOf({ contract }: Mind, message: string): MessageFlags {
  const flags = contract.messages[message] ?? contract.otherMessages;
  if (flags === undefined)
    throw new Error(`journey ${contract.name} has no message ${message}: add it to its contract`);
  return flags;
}

const none = { sent: 0, reacted: 0 };

/** Minor units of the shop's currency for one message. */
export function priceOf(shop: ShopSettings, channel: ChannelName): number {
  return shop.prices[channel] ?? channelFacts[channel].price;
}

/** What a message costs on a channel, and how likely this customer reacts to it there. */
export function oddsOn({ habits: { own, everybody } }: Facts, shop: ShopSettings, channel: ChannelName): Odds {
  const average = everybody?.channels[channel] ?? none;
  const chance = reactionChance(own.channels[channel] ?? none, average);
  return { price: priceOf(shop, channel), chance };
}

/** A shop's settings may name a channel that this worker has no provider for: that is a fault of the installation. */
export function channelOf({ channels }: ActivityDeps, name: ChannelName): Channel {
  const channel = channels[name];
  if (channel === undefined)
    throw new Error(`channel ${name} has no provider: configure one, or take it out of the shop's settings`);
  return channel;
}
