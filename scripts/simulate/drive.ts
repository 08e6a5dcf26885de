import type { Clock } from '#domain/clock.ts';
import type { Shop } from '#simulator/shop.ts';
import type { Inbox } from './inbox.ts';
import type { GatewaySink } from './sink.ts';

export interface Drive {
  shop: Shop;
  gateway: GatewaySink;
  inbox: Inbox;
  /** The gateway's. */
  clock: Clock;
  /** Business time. */
  until: Date;
  /** Lets some time pass, however it does: a tenth of a second, or a jump to the next event. */
  pass(next: Date | null): Promise<void>;
  isOver?: () => boolean;
}

/** Tells a gateway what happens in the shop as its clock goes, and lets customers answer what reaches the inbox. Resolves with how many
 *  messages came. */
export async function drive({
  shop,
  gateway,
  inbox,
  clock,
  until,
  pass,
  isOver = () => false,
}: Drive): Promise<number> {
  let received = 0;
  while (!isOver()) {
    for (const letter of await inbox.fresh()) {
      gateway.hold(letter);
      if (shop.react(letter.message)) received += 1;
    }
    const now = clock.now();
    for (const event of shop.until(now < until ? now : until)) {
      if (isOver()) break;
      await gateway.sink(event);
    }
    await gateway.flush();
    if (now >= until) break;
    await pass(shop.nextAt());
  }
  return received;
}
