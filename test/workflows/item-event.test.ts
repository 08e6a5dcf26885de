import { expect, test, vi } from 'vitest';
import { spreadWishNews } from '#activities/item-event/spread.ts';
import { checkInvariants } from '#db/invariants.ts';
import { customers, orderOf, type TestCustomer } from '#test/support/customers.ts';
import { spreadItems } from '#test/support/item-events.ts';
import { journeyRules } from '#test/support/rules.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';
import { createStarts } from '#worker/starts.ts';

// J15: wishes in by HTTP, offers in by HTTP; who wished hears of what became true, once.

const system = await startSystem(await timeSkipping(), { only: ['item-event'] });
const customer = customers(system);
const { spread, collected } = spreadItems(system);

let count = 0;
/** A product of its own for each test, out of stock unless said otherwise. */
async function product(offer: object = { stock: 0 }): Promise<string> {
  const id = `item-${++count}`;
  await put(id, offer);
  return id;
}
async function put(id: string, offer: object): Promise<void> {
  await system.refresh();
  await system.stock({ id, ...offer });
}
const waits = (who: TestCustomer, product_id: string) =>
  system.track(who.id, 'Back In Stock Requested', { product_id });
const likes = (who: TestCustomer, product_id: string) =>
  system.track(who.id, 'Product Added to Wishlist', { product_id });
const buys = (who: TestCustomer, ...ids: string[]) => system.track(who.id, 'Order Completed', orderOf(...ids));
const subjects = async (who: TestCustomer) => (await who.mails()).map(({ subject }) => subject);

test('J15 back in stock: who waits is told after half an hour, and only they, once', async () => {
  const [anna, boris] = [await customer(), await customer()];
  const [vase, other] = [await product(), await product()];
  await waits(anna, vase);
  await waits(boris, other);
  await likes(boris, vase);
  await put(vase, { stock: 3 });
  await spread();
  await system.pass('29 minutes');
  expect(await anna.templates()).toEqual([]);
  const { body } = await system.call('GET', `/customers/${anna.customerId}/plan`);
  expect(body.items).toMatchObject([{ journey: 'item-event', message: 'back-in-stock', class: 'item_event' }]);
  await system.pass('2 minutes');
  expect(await subjects(anna)).toEqual([`Product ${vase} is back in stock`]);
  expect(await anna.outcome()).toBe('completed');
  expect(await boris.templates()).toEqual([]);
  await put(vase, { stock: 0 });
  await put(vase, { stock: 3 });
  await collected();
  expect(await anna.templates()).toEqual(['back-in-stock']);
});

test('J15 who asks again is told again; who takes the request back, or has bought it elsewhere in time, is not', async () => {
  const vase = await product();
  const [anna, vera, gleb] = [await customer(), await customer(), await customer()];
  for (const who of [anna, vera, gleb]) await waits(who, vase);
  await system.track(vera.id, 'Back In Stock Withdrawn', { product_id: vase });
  await buys(gleb, vase);
  await put(vase, { stock: 1 });
  await collected();
  expect([await anna.templates(), await vera.templates(), await gleb.templates()]).toEqual([['back-in-stock'], [], []]);
  await put(vase, { stock: 0 });
  await waits(anna, vase);
  await put(vase, { stock: 1 });
  await collected();
  expect(await anna.templates()).toEqual(['back-in-stock', 'back-in-stock']);
});

test('J15 price drop: whose favourite got cheaper by enough is told, once however the price goes up and down', async () => {
  const [anna, boris, vera] = [await customer(), await customer(), await customer()];
  const rug = await product({ price: 100_000 });
  await likes(anna, rug);
  await likes(vera, rug);
  await system.track(vera.id, 'Product Removed from Wishlist', { product_id: rug });
  await system.track(boris.id, 'Product Viewed', { product_id: rug });
  await put(rug, { price: 96_000 });
  await collected();
  expect(await anna.templates()).toEqual([]);
  await put(rug, { price: 90_000 });
  await collected();
  expect(await subjects(anna)).toEqual([`Product ${rug} is cheaper now`]);
  const [mail] = await anna.mails();
  expect(mail?.text).toMatch(/900[\s\S]*960/);
  for (const price of [100_000, 80_000, 100_000, 70_000]) await put(rug, { price });
  await collected();
  expect(await anna.templates()).toEqual(['price-drop']);
  expect([await boris.templates(), await vera.templates()]).toEqual([[], []]);
  await system.pass('31 days');
  await put(rug, { price: 60_000 });
  await collected();
  expect(await anna.templates()).toEqual(['price-drop', 'price-drop']);
});

test('J15 what becomes true within half an hour is one message: what was asked for, and below it what is cheaper', async () => {
  const anna = await customer();
  const [vase, jug, rug] = [await product(), await product(), await product({ price: 100_000 })];
  await waits(anna, vase);
  await waits(anna, jug);
  await likes(anna, rug);
  await put(rug, { price: 80_000 });
  await spread();
  await system.pass('10 minutes');
  await put(jug, { stock: 2 });
  await spread();
  await system.pass('10 minutes');
  await put(vase, { stock: 2 });
  await spread();
  await system.pass('11 minutes');
  expect(await subjects(anna)).toEqual([`Product ${vase} is back in stock, and 1 more`]);
  const [mail] = await anna.mails();
  const places = [vase, jug, rug].map((id) => mail?.text.indexOf(`Product ${id}`) ?? -1);
  expect(places.every((place) => place >= 0)).toBe(true);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  await system.pass('1 day');
  await collected();
  expect(await anna.templates()).toEqual(['back-in-stock']);
});

test('J15 sold out again or dearer again before the message: nothing is told, and what returns later is', async () => {
  const [anna, boris] = [await customer(), await customer()];
  const [vase, rug] = [await product(), await product({ price: 100_000 })];
  await waits(anna, vase);
  await likes(boris, rug);
  await put(vase, { stock: 1 });
  await put(rug, { price: 50_000 });
  await spread();
  await put(vase, { stock: 0 });
  await put(rug, { price: 100_000 });
  await system.pass('31 minutes');
  expect(await anna.decisions()).toEqual(['news skip no_goods']);
  expect(await boris.decisions()).toEqual(['news skip no_goods']);
  await put(vase, { stock: 1 });
  await put(rug, { price: 50_000 });
  await collected();
  expect([await anna.templates(), await boris.templates()]).toEqual([['back-in-stock'], ['price-drop']]);
});

test('J15 that the items are bought is the goal; another order is not', async () => {
  const anna = await customer();
  const [vase, jug, lamp] = [await product(), await product(), await product({ stock: 5 })];
  await waits(anna, vase);
  await waits(anna, jug);
  await put(vase, { stock: 1 });
  await put(jug, { stock: 1 });
  await spread();
  await buys(anna, lamp);
  await buys(anna, vase);
  await system.pass('1 minute');
  expect(await anna.outcome()).toBe(null);
  await buys(anna, jug);
  await system.pass('1 minute');
  expect(await anna.outcome()).toBe('goal');
  expect(await anna.templates()).toEqual([]);
});

test('J15 region: who cannot buy it where they are is not told; a region’s own offer goes before the one for everywhere', async () => {
  const [moscow, omsk, nowhere] = [
    await customer({ region: 'RU-MOW' }),
    await customer({ region: 'RU-OMS' }),
    await customer(),
  ];
  const vase = await product();
  for (const who of [moscow, omsk, nowhere]) await waits(who, vase);
  await offers(vase, { '*': 0, 'RU-MOW': 0, 'RU-OMS': 4 });
  await collected();
  expect([await moscow.templates(), await omsk.templates(), await nowhere.templates()]).toEqual([
    [],
    ['back-in-stock'],
    [],
  ]);
  await offers(vase, { '*': 4, 'RU-MOW': 0, 'RU-OMS': 4 });
  await collected();
  expect([await moscow.templates(), await nowhere.templates()]).toEqual([[], ['back-in-stock']]);
  await offers(vase, { '*': 4, 'RU-MOW': 1, 'RU-OMS': 4 });
  await collected();
  expect(await moscow.templates()).toEqual(['back-in-stock']);
  expect(await omsk.templates()).toEqual(['back-in-stock']);
});

/** Stock by region. */
async function offers(id: string, stock: Record<string, number>): Promise<void> {
  await system.refresh();
  const price = { amount: 100_000, currency: 'RUB' };
  const list = Object.entries(stock).map(([region, number]) => ({ region, price, stock: number }));
  const item = { id, name: `Product ${id}`, url: `https://shop.example/p/${id}`, category: 'Lamps', offers: list };
  const { body } = await system.call('PUT', '/products', { items: [item] });
  expect(body.items).toEqual([expect.objectContaining({ status: 'updated' })]);
}

test('J15 many who wait: their runs begin at the rate of the settings, the longest waiting first, and a worker that is killed loses nobody', async () => {
  const vase = await product();
  await system.put('/journeys/item-event/settings', { perMinute: 2 });
  const people = [];
  for (let n = 0; n < 5; n += 1) {
    people.push(await customer());
    await system.refresh();
    await waits(people[n] ?? expect.unreachable(), vase);
    await system.pass('1 minute');
  }
  await put(vase, { stock: 1 });
  await system.refresh();
  const now = system.clock.now();
  // Two interests a transaction, and no more than two of them: then the worker is gone, and another goes on.
  expect(await spreadWishNews(system.db, now, { atOnce: 2, steps: 2 })).toBe(4);
  expect(await spreadWishNews(system.db, now, { atOnce: 2 })).toBe(1);
  const rows = await system.db
    .selectFrom('waiting_starts')
    .select(['customer_id', 'due_at'])
    .orderBy('due_at')
    .orderBy('customer_id')
    .execute();
  const minutes = new Map(rows.map((row) => [row.customer_id, (row.due_at.getTime() - now.getTime()) / 60_000]));
  expect(people.map(({ customerId }) => minutes.get(customerId))).toEqual([0, 0, 1, 1, 2]);
  expect(await system.db.selectFrom('offer_changes').selectAll().execute()).toEqual([]);
  await system.db.deleteFrom('waiting_starts').execute();
  await system.put('/journeys/item-event/settings', {});
});

test('J15 a worker’s loop finds who waits and hands their starts over', async () => {
  const anna = await customer();
  const vase = await product();
  await waits(anna, vase);
  await put(vase, { stock: 1 });
  const { db, clock, relay } = system;
  const starts = createStarts({ db, clock, relay, log: { warn: (_, said) => expect.unreachable(said) } });
  expect(await starts.once()).toBe(1);
  await system.pass('31 minutes');
  expect(await anna.templates()).toEqual(['back-in-stock']);
});

test('J15 workers that look at the same time find everybody, and start nobody twice', async () => {
  const vases = await Promise.all(Array.from({ length: 4 }, () => product()));
  const people = [];
  for (let n = 0; n < 5; n += 1) people.push(await customer());
  for (const who of people) for (const vase of vases) await waits(who, vase);
  for (const vase of vases) await put(vase, { stock: 1 });
  const now = system.clock.now();
  await Promise.all(vases.map(() => spreadWishNews(system.db, now, { atOnce: 2 })));
  // Each leaves to the others what they are at; what they left is found by the next look.
  await spreadWishNews(system.db, now);
  const ids = people.map(({ customerId }) => customerId).toSorted();
  const starts = await system.db.selectFrom('waiting_starts').select('customer_id').orderBy('customer_id').execute();
  expect(starts.map((row) => row.customer_id)).toEqual(ids);
  const news = system.db.selectFrom('wish_news').select(['customer_id', 'product_id']).where('product_id', 'in', vases);
  expect(await news.execute()).toHaveLength(people.length * vases.length);
  await collected();
  for (const who of people) expect(await who.templates()).toEqual(['back-in-stock']);
});

test('J15 what came while the message was on its way is told by a run that follows', async () => {
  const anna = await customer();
  const [vase, jug] = [await product(), await product()];
  await waits(anna, vase);
  await waits(anna, jug);
  await put(vase, { stock: 1 });
  await spread();
  const { email } = system.journeys.deps.channels;
  const submit = email?.submit.bind(email) ?? expect.unreachable();
  // Its start finds the run still there, and wakes nobody.
  const meanwhile = vi.spyOn(email ?? expect.unreachable(), 'submit').mockImplementationOnce(async (message) => {
    await put(jug, { stock: 1 });
    await spreadWishNews(system.db, system.clock.now());
    await system.db.deleteFrom('waiting_starts').execute();
    return submit(message);
  });
  await system.pass('31 minutes');
  expect(meanwhile).toHaveBeenCalledOnce();
  expect(await anna.templates()).toEqual(['back-in-stock']);
  await system.pass('31 minutes');
  expect(await subjects(anna)).toEqual([vase, jug].map((id) => `Product ${id} is back in stock`));
  expect(await anna.outcome()).toBe('completed');
});

test('J15 nobody is looked for where nothing changes for the better, nobody cares, or the journey is off', async () => {
  const anna = await customer();
  const [vase, rug] = [await product(), await product({ price: 100_000 })];
  const changes = async () => (await system.db.selectFrom('offer_changes').select('product_id').execute()).length;
  await put(vase, { stock: 4 });
  await put(vase, { stock: 0 });
  expect(await changes()).toBe(0);
  await waits(anna, vase);
  await likes(anna, rug);
  for (const offer of [{ price: 100_000 }, { price: 120_000 }, { price: 120_000, stock: 9 }]) await put(rug, offer);
  await put(vase, { stock: 0 });
  expect(await changes()).toBe(0);
  await system.put('/journeys/item-event/settings', { enabled: false });
  await put(vase, { stock: 1 });
  expect(await changes()).toBe(1);
  await collected();
  expect(await changes()).toBe(0);
  expect(await anna.templates()).toEqual([]);
  await system.put('/journeys/item-event/settings', {});
});

test('J15 who is joined to another keeps their wishes and news; export tells of them, erasure forgets them', async () => {
  const anna = await customer();
  const [vase, jug] = [await product(), await product()];
  const visitor = { anonymousId: `browser-${vase}` };
  const asks = { event: 'Back In Stock Requested', properties: { product_id: vase } };
  await system.send('track', { ...visitor, ...asks });
  await put(vase, { stock: 1 });
  await spread();
  await system.send('identify', { ...visitor, userId: anna.id });
  await waits(anna, jug);
  const record = async () => (await system.call('GET', `/customers/${anna.customerId}/export`)).body;
  const { interests, wishNews } = await record();
  expect(interests).toMatchObject([
    { kind: 'waiting', ref: vase },
    { kind: 'waiting', ref: jug },
  ]);
  expect(wishNews).toEqual([{ productId: vase, cause: 'stock', at: expect.any(String) }]);
  await put(jug, { stock: 1 });
  await collected();
  expect(await subjects(anna)).toEqual([`Product ${vase} is back in stock, and 1 more`]);
  expect((await system.call('DELETE', `/customers/${anna.customerId}`)).status).toBe(204);
  const left = (table: 'interests' | 'wish_news') =>
    system.db.selectFrom(table).select('customer_id').where('customer_id', '=', anna.customerId).execute();
  expect([await left('interests'), await left('wish_news')]).toEqual([[], []]);
});

test('J15 what was promised holds in the whole of it', async () => {
  await system.refresh();
  expect(await checkInvariants(system.db, { now: system.clock.now(), journeys: journeyRules() })).toEqual([]);
});
