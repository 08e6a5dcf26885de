import fc from 'fast-check';
import type { Kind, QueueWorld } from './queue-world.ts';

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

const kind = fc.constantFrom<Kind>('both', 'both', 'email', 'email', 'visitor', 'nowhere');
const joining = fc
  .tuple(happening, fc.constantFrom<Happening['what']>('join', 'ask'))
  .map(([one, what]) => ({ ...one, what }));

/** Somebody joins, then anything. */
export const history: fc.Arbitrary<History> = fc
  .record({
    people: fc.array(kind, { minLength: 4, maxLength: 4 }),
    joined: fc.array(joining, { minLength: 1, maxLength: 3 }),
    others: fc.array(happening, { minLength: 2, maxLength: 11 }),
  })
  .map(({ people, joined, others }) => ({ people, happenings: [...joined, ...others] }));

const points = ['before_reserve', 'reserved', 'submitted', 'recorded'] as const;

/** Who joined when: nobody may lose their place. Epoch ms. */
export interface Said {
  person: number;
  customer(): Promise<string | null>;
  at: number;
  /** When it was told. */
  heardAt: number;
}

/** What the shop said of the item, and when it was so: epoch ms. */
export interface Word {
  what: 'returned' | 'sold';
  at: number;
}

export interface Story {
  item: string;
  said: Said[];
  words: Word[];
}

let histories = 0;

/** Lives through a history, and then lets the item be sold and everything end. */
export async function live(world: QueueWorld, { people, happenings }: History): Promise<Story> {
  const life = new Life(world, people, `h${++histories}`);
  await world.register(people.map((kind, person) => [life.nameOf(person), kind]));
  for (const one of happenings) {
    await world.machine.sleep(one.gapMs);
    await life.happen(one);
  }
  await world.machine.sleep(3_600_000);
  world.faults.crash = null;
  world.faults.answer = null;
  await life.happen({ what: 'sold', person: 0, gapMs: 0, agoMs: 0, repeats: 'never' });
  await world.machine.sleep(3 * 86_400_000);
  return life.story;
}

const shop = { userId: 'the shop' };

class Life {
  readonly story: Story;
  private readonly world: QueueWorld;
  private readonly people: readonly Kind[];
  private readonly name: string;
  private readonly orders: string[] = [];

  constructor(world: QueueWorld, people: readonly Kind[], name: string) {
    this.world = world;
    this.people = people;
    this.name = name;
    this.story = { item: `item-${name}`, said: [], words: [] };
  }

  nameOf = (person: number) => `${this.name}-p${person}`;

  async happen(one: Happening): Promise<void> {
    const { what, person, agoMs } = one;
    const { world, story } = this;
    const by = world.who(this.nameOf(person), this.kindOf(person));
    // Of four the last is a stranger to the queue.
    const other = person === 3 ? { userId: `${this.name}-stranger` } : by;
    const at = world.machine.clock.now().getTime() - agoMs;
    const customerId = await this.customer(person)();
    if (what === 'join') {
      story.said.push({ person, customer: this.customer(person), at, heardAt: at + agoMs });
      await this.track('Queue Joined', one, by);
    } else if (what === 'leave') await this.track('Queue Left', one, by);
    else if (what === 'ask' && customerId !== null) {
      const answer = await world.ask(story.item, 'join', customerId);
      const isIn = answer.result === 'ok' && answer.position !== null;
      const heardAt = world.machine.clock.now().getTime();
      if (isIn) story.said.push({ person, customer: this.customer(person), at: at + agoMs, heardAt });
    } else if (what === 'ask to leave' && customerId !== null) await world.ask(story.item, 'leave', customerId);
    else if (what === 'out') await this.track('Item Sent To Fitting', one, other);
    else if (what === 'returned' || what === 'sold') {
      story.words.push({ what, at });
      await this.track(what === 'sold' ? 'Item Sold' : 'Item Returned', one, shop);
    } else if (what === 'ordered') {
      this.orders.push(`o-${this.name}-${this.orders.length}`);
      await this.track('Order Completed', one, other, this.orders.at(-1));
    } else if (what === 'cancelled' && this.orders.length > 0)
      await this.track('Order Cancelled', one, shop, this.orders.at(-1));
    else if (what === 'signs in' && this.kindOf(person) === 'visitor')
      await world.send({ type: 'identify', userId: this.nameOf(person), anonymousId: `a-${this.nameOf(person)}` });
    else if (what === 'erased' && person === 3 && customerId !== null) {
      await world.erase(customerId);
      // Whoever comes by that name later is somebody else.
      story.said = story.said.filter((one) => one.person !== person);
    } else if (what === 'crash') world.faults.crash = points[person] ?? null;
    else if (what === 'busy') world.faults.answer = 'later';
    else if (what === 'refused') world.faults.answer = 'refused';
  }

  private kindOf(person: number): Kind {
    return this.people[person] ?? 'both';
  }

  private customer(person: number) {
    return () => this.world.customerOf(this.nameOf(person), this.kindOf(person));
  }

  private async track(event: string, { agoMs, repeats }: Happening, by: object, order?: string): Promise<void> {
    const goods = { product_id: this.story.item, quantity: 1, price: 1 };
    const properties = order === undefined ? goods : { order_id: order, products: [goods] };
    const call = { event, ...by, properties };
    const id = await this.world.send(call, agoMs);
    if (repeats === 'same') await this.world.send(call, agoMs, id);
    if (repeats === 'anew') await this.world.send(call, agoMs);
  }
}
