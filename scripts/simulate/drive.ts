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

/** Tells a gateway what happens in the shop as its clock goes, and lets customers answer what reaches the inbox. */
export async function drive({ shop, gateway, inbox, clock, until, pass, isOver = () => false }: Drive): Promise<void> {
  while (!isOver()) {
    for (const letter of await inbox.fresh()) if (shop.react(letter.message)) gateway.hold(letter);
    const now = clock.now();
    for (const event of shop.until(now < until ? now : until)) {
      if (isOver()) break;
      await gateway.sink(event);
    }
    await gateway.flush();
    if (now >= until) break;
    await pass(shop.nextAt());
  }
}
