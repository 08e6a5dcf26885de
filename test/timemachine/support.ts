import type { ActivityDeps } from '#activities/deps.ts';
import type { Channel } from '#channels/channel.ts';
import type { Db } from '#db/connect.ts';
import { saveSettings } from '#db/settings.ts';
import { workflowId } from '#domain/ids.ts';
import { type ChannelName, channelNames, type Entry } from '#domain/journey.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import type { JourneyPort } from '#relay/port.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { publicUrl, secret } from '#test/support/journeys.ts';

export const start = new Date('2026-03-02T09:00:00Z');

/** No quiet hours: what is tested is time, not the night. */
export const shop: ShopSettings = { ...defaultShop, quietHours: { from: '00:00', to: '00:00' } };

const log = { info() {}, warn() {} };
const renderer = await createRenderer();

/** Providers that take everything at once. */
export function recording(): Record<ChannelName, Channel> {
  const channels = channelNames.map((name): [ChannelName, Channel] => [
    name,
    {
      name,
      provider: 'test',
      submit: async ({ id }) => ({ result: 'accepted', providerId: id }),
      close: async () => {},
    },
  ]);
  return Object.fromEntries(channels) as Record<ChannelName, Channel>;
}

export function activitiesWith(channels: ActivityDeps['channels'] = recording()) {
  return { channels, renderer, publicUrl, secret, log };
}

export const setUpShop = (db: Db) => saveSettings(db, 'shop', shop, 'test', start);

export const idOf = ({ journey, customerId, key }: Entry) => workflowId(journey, customerId, key);

export function startJourney(port: JourneyPort, entry: Entry): Promise<void> {
  const notice = { kind: 'start' as const, reason: 'Product Added', at: entry.triggerAt };
  return port.signalWithStart({ workflowId: idOf(entry), entry, notice });
}
