import type { Channel, OutgoingMessage } from '#channels/channel.ts';
import { durationMs } from '#domain/duration.ts';
import { type ChannelName, channelNames } from '#domain/journey.ts';
import type { ShopEvent } from '#simulator/calls.ts';
import type { Shop } from '#simulator/shop.ts';
import type { TimeMachine } from '#timemachine/machine.ts';
import { codeIn } from './code.ts';
import type { DirectSink } from './direct.ts';

/** The simulated shop on the time machine: what happens in it happens at its instants, and what is sent reaches its customers. */
export interface Played {
  /** Providers that take everything, and whose messages the shop's customers get. */
  channels: Record<ChannelName, Channel>;
  /** Sets the story going. */
  begin(machine: Pick<TimeMachine, 'at' | 'clock'>, told: DirectSink): void;
  readonly received: number;
}

/** Whoever looks on; instants are the machine's. */
export interface Watch {
  /** A message has come to the provider's. */
  sent?(message: OutgoingMessage, channel: ChannelName, at: Date): void;
  /** Something that has happened in the shop is told. */
  told?(event: ShopEvent, at: Date): void;
}

/** So long what happens is gathered, as clients do: the events of a visit are mostly one submission. */
const gatherMs = durationMs('PT5M');

export function playedShop(shop: Shop, watch: Watch = {}): Played {
  let set: { machine: Pick<TimeMachine, 'at' | 'clock'>; told: DirectSink } | undefined;
  let received = 0;
  let armedFor = Number.POSITIVE_INFINITY;
  let arming = 0;

  /** A message may bring something sooner than what was next: then that is waited for, and the other forgotten. */
  function arm(): void {
    const next = shop.nextAt()?.getTime() ?? Number.POSITIVE_INFINITY;
    if (set === undefined || next >= armedFor) return;
    arming += 1;
    armedFor = next;
    const mine = arming;
    set.machine.at(new Date(next + gatherMs), async () => {
      if (mine === arming) await step();
    });
  }

  async function step(): Promise<void> {
    if (set === undefined) return;
    armedFor = Number.POSITIVE_INFINITY;
    const now = set.machine.clock.now();
    for (const event of shop.until(now)) {
      watch.told?.(event, now);
      await set.told.sink(event);
    }
    await set.told.flush();
    arm();
  }

  function take(channel: ChannelName, message: OutgoingMessage): void {
    if (set === undefined) return;
    const { id, to, devices, journey, content } = message;
    const at = set.machine.clock.now();
    watch.sent?.(message, channel, at);
    const [address = to] = devices.map((device) => device.address);
    const code = codeIn(JSON.stringify(content));
    if (shop.react({ id, channel, to: address, at, isBulk: journey === 'campaign', code })) received += 1;
    arm();
  }

  const channelOf = (name: ChannelName): Channel => ({
    name,
    provider: 'simulated',
    async submit(message) {
      take(name, message);
      return { result: 'accepted', providerId: message.id };
    },
    close: async () => {},
  });

  return {
    channels: Object.fromEntries(channelNames.map((name) => [name, channelOf(name)])) as Record<ChannelName, Channel>,
    begin(machine, told) {
      set = { machine, told };
      arm();
    },
    get received() {
      return received;
    },
  };
}
