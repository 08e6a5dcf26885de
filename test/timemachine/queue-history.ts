import fc from 'fast-check';
import type { QueueWorld } from './queue-world.ts';
import { type Kind, kinds } from './queue-world.ts';

/** One thing that happens to an item, `gapMs` after the one before. `agoMs`: told so long after it was said. */
export interface Happening {
  what:
    | 'join'
    | 'ask'
    | 'leave'
    | 'ask to leave'
    | 'out'
    | 'returned'
    | 'ordered'
    | 'cancelled'
    | 'sold'
    | 'signs in'
    | 'erased'
    | 'crash'
    | 'busy'
    | 'refused';
  person: number;
  gapMs: number;
  agoMs: number;
  /** Told again by the same message id, and by another one. */
  repeats: 'never' | 'same' | 'anew';
}

export interface History {
  people: Kind[];
  happenings: Happening[];
}

const gaps = [0, 1, 50, 150, 2_000, 60_000, 3_600_000, 7 * 3_600_000, 17 * 3_600_000];

const happening = fc.record<Happening>({
  what: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<Happening['what']>('join', 'ask') },
    { weight: 5, arbitrary: fc.constantFrom<Happening['what']>('returned') },
    { weight: 4, arbitrary: fc.constantFrom<Happening['what']>('leave', 'ask to leave', 'ordered', 'out') },
    { weight: 3, arbitrary: fc.constantFrom<Happening['what']>('cancelled', 'sold', 'signs in', 'erased') },
    { weight: 3, arbitrary: fc.constantFrom<Happening['what']>('crash', 'busy', 'refused') },
  ),
  person: fc.nat(3),
  gapMs: fc.constantFrom(...gaps),
  agoMs: fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constantFrom(1, 30_000, 5 * 3_600_000) },
  ),
  repeats: fc.constantFrom('never', 'never', 'never', 'same', 'anew'),
});

export const history: fc.Arbitrary<History> = fc.record({
  people: fc.array(fc.constantFrom(...kinds), { minLength: 4, maxLength: 4 }),
  happenings: fc.array(happening, { minLength: 3, maxLength: 14 }),
});

const points = ['before_reserve', 'reserved', 'submitted', 'recorded'] as const;

/** Who joined or left when, as they were told of: what nobody may lose. Epoch ms. */
export interface Said {
  customer(): Promise<string | null>;
  what: 'joined' | 'left';
  at: number;
  /** When it was told. */
  heardAt: number;
}

let histories = 0;

/** Lives through a history, and then lets the item be sold and everything end. Returns the item and what people said. */
export async function live(
  world: QueueWorld,
  { people, happenings }: History,
): Promise<{ item: string; said: Said[] }> {
  const name = `h${++histories}`;
  const item = `item-${name}`;
  const said: Said[] = [];
  const orders: string[] = [];
  const nameOf = (person: number) => `${name}-p${person}`;
  const kindOf = (person: number) => people[person] ?? 'both';
  for (const person of people.keys()) await world.register(nameOf(person), kindOf(person));
  for (const one of happenings) {
    await world.machine.sleep(one.gapMs);
    await happen(one);
  }
  await world.machine.sleep(3_600_000);
  await world.send({ event: 'Item Sold', userId: 'the shop', properties: { product_id: item } });
  world.faults.crash = null;
  world.faults.answer = null;
  await world.machine.sleep(3 * 86_400_000);
  return { item, said };

  async function happen({ what, person, agoMs, repeats }: Happening): Promise<void> {
    const [who, kind] = [nameOf(person), kindOf(person)];
    const now = world.machine.clock.now().getTime();
    const customer = () => world.customerOf(who, kind);
    const track = async (event: string, properties: object, by: object = world.who(who, kind)) => {
      const id = await world.send({ event, ...by, properties }, agoMs);
      if (repeats === 'same') await world.send({ event, ...by, properties }, agoMs, id);
      if (repeats === 'anew') await world.send({ event, ...by, properties }, agoMs);
    };
    const product = { product_id: item };
    const order = (id: string) => ({ order_id: id, products: [{ product_id: item, quantity: 1, price: 1 }] });
    if (what === 'join') {
      said.push({ customer, what: 'joined', at: now - agoMs, heardAt: now });
      await track('Queue Joined', product);
    } else if (what === 'leave') {
      said.push({ customer, what: 'left', at: now - agoMs, heardAt: now });
      await track('Queue Left', product);
    } else if (what === 'ask' || what === 'ask to leave') {
      const id = await customer();
      if (id === null) return;
      said.push({ customer, what: what === 'ask' ? 'joined' : 'left', at: now, heardAt: now });
      await world.ask(item, what === 'ask' ? 'join' : 'leave', id);
    } else if (what === 'out')
      await track('Item Sent To Fitting', product, person > 2 ? { userId: 'the shop' } : undefined);
    else if (what === 'returned') await track('Item Returned', product, { userId: 'the shop' });
    else if (what === 'ordered') {
      orders.push(`o-${name}-${orders.length}`);
      await track(
        'Order Completed',
        order(orders.at(-1) ?? ''),
        person > 2 ? { userId: `${name}-stranger` } : undefined,
      );
    } else if (what === 'cancelled') {
      if (orders.length > 0) await track('Order Cancelled', { order_id: orders.at(-1) }, { userId: 'the shop' });
    } else if (what === 'sold') await track('Item Sold', product, { userId: 'the shop' });
    else if (what === 'signs in') {
      if (kind === 'visitor') await world.send({ type: 'identify', userId: who, anonymousId: `a-${who}` });
    } else if (what === 'erased') {
      const id = await customer();
      if (id !== null && person === 3) await world.erase(id);
    } else if (what === 'crash') world.faults.crash = points[person] ?? null;
    else world.faults.answer = what === 'busy' ? 'later' : 'refused';
  }
}
