import type { Channel, OutgoingMessage } from '#channels/channel.ts';
import { durationMs } from '#domain/duration.ts';
import { type ChannelName, channelNames } from '#domain/journey.ts';
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

/** So long what happens is gathered, as clients do: the events of a visit are mostly one submission. */
const gatherMs = durationMs('PT5M');

export function playedShop(shop: Shop): Played {
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
    for (const event of shop.until(set.machine.clock.now())) await set.told.sink(event);
    await set.told.flush();
    arm();
  }

  function take(channel: ChannelName, { id, to, devices, journey, content }: OutgoingMessage): void {
    if (set === undefined) return;
    const at = set.machine.clock.now();
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
