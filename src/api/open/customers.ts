import { z } from 'zod';
import type { ApiDeps } from '#api/deps.ts';
import { Problem } from '#api/problems.ts';
import { phoneNumber } from '#api/segment/calls.ts';
import {
  type CustomerDetails,
  type CustomerRef,
  type CustomerSummary,
  customerDetails,
  findCustomers,
  resolveCustomer,
  summaries,
} from '#db/customers.ts';
import { listDecisions } from '#db/decisions.ts';
import { eraseCustomer } from '#db/erasure.ts';
import { currentSettings } from '#db/settings.ts';
import { placeOf, timeline } from '#db/timeline.ts';
import { channelFacts } from '#domain/channels.ts';
import { leaseMs } from '#domain/ledger.ts';
import { reachOf, unreachableBecause } from '#domain/reach.ts';
import { cardNumber, emailAddress } from '#domain/segment.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { decodeCursor, idCursor, page, placeCursor, timeCursor } from './cursor.ts';
import { languageOf } from './language.ts';
import { route } from './route.ts';
import { languageQuery, listOf, paging } from './schemas/common.ts';
import { customer, customerList, timelineList } from './schemas/customers.ts';
import { shopSettings } from './schemas/settings.ts';
import { worded } from './schemas/why.ts';
import { inWords } from './words.ts';

export const params = z.object({ id: z.uuid() });
export const tag = 'Customers';
export const gone = ['customer_not_found', 'customer_erased'] as const;

const search = route({
  method: 'get',
  path: '/customers',
  tag,
  summary: 'Customers by e-mail, phone, user id or loyalty card; all of them, newest first, without a filter',
  query: z.strictObject({
    ...paging,
    email: z.string().max(254).optional(),
    phone: z
      .string()
      .max(40)
      .optional()
      .meta({ description: "As people write it; without a country it is the shop's" }),
    userId: z.string().max(255).optional(),
    card: z.string().max(80).optional().meta({ description: 'Number of a loyalty card' }),
  }),
  answer: customerList,
  problems: ['invalid_cursor'],
  async handle({ query: { limit, cursor, email, phone, userId, card }, deps }) {
    const before = decodeCursor(cursor, idCursor)?.[0] ?? null;
    const filter = {
      ...(email !== undefined && { email: emailAddress(email) ?? email }),
      ...(phone !== undefined && {
        phone: phoneNumber(phone, deps.shop?.().currency ?? defaultShop.currency) ?? phone,
      }),
      ...(userId !== undefined && { userId: userId.trim() }),
      ...(card !== undefined && { card: cardNumber(card) ?? card }),
    };
    return page(await findCustomers(deps.db, filter, before, limit + 1), limit, (row) => [row.id]);
  },
});

const get = route({
  method: 'get',
  path: '/customers/{id}',
  tag,
  summary: 'All that is known of a customer',
  description:
    'The id of a customer who was merged into another leads to that other: `mergedFrom` then tells the id that was asked for.',
  params,
  answer: customer,
  problems: gone,
  async handle({ params, deps }) {
    const ref = await living(deps, params.id);
    const [known] = await summaries(deps.db, [ref.id]);
    if (!known) throw new Problem('customer_not_found');
    return details(known, ref, await customerDetails(deps.db, ref.id), await shopOf(deps));
  },
});

const timelineOf = route({
  method: 'get',
  path: '/customers/{id}/timeline',
  tag,
  summary: 'Events, decisions, messages, opens and clicks of a customer, newest first',
  params,
  query: z.strictObject(paging),
  answer: timelineList,
  problems: [...gone, 'invalid_cursor'],
  async handle({ params, query: { limit, cursor }, deps }) {
    const before = decodeCursor(cursor, placeCursor);
    const { ids } = await living(deps, params.id);
    return page(await timeline(deps.db, ids, before, limit + 1), limit, placeOf);
  },
});

const decisionsOf = route({
  method: 'get',
  path: '/customers/{id}/decisions',
  tag,
  summary: 'Every decision to send or not to send to a customer, newest first, with its reason in words',
  params,
  query: z.strictObject({ ...paging, ...languageQuery }),
  answer: listOf(worded).meta({ id: 'DecisionList' }),
  problems: [...gone, 'invalid_cursor'],
  async handle({ params, query: { limit, cursor, lang }, request, deps }) {
    const before = decodeCursor(cursor, timeCursor);
    const { ids } = await living(deps, params.id);
    const found = page(await listDecisions(deps.db, ids, before, limit + 1), limit, ({ at, id }) => [at, id]);
    const { zone } = await shopOf(deps);
    const speaker = { locale: languageOf(request, lang), zone, zoneFrom: 'shop' as const, now: deps.clock.now() };
    return { ...found, items: await inWords(deps.db, ids, found.items, speaker) };
  },
});

const erase = route({
  method: 'delete',
  path: '/customers/{id}',
  tag,
  summary: 'Erases a customer, with all who were merged into them',
  description:
    'The person is removed: traits, addresses, ids, consents, cart, interests, what events said. What was counted stays: runs, ' +
    'messages and decisions without details, orders. Live runs end as `exited:erased`, and when this is answered nothing more ' +
    'is sent. An address that was unsubscribed, bounced, complained or blocked stays so, kept as a hash. What the shop sends ' +
    'afterwards makes a new customer: it should stop first.',
  params,
  status: 204,
  problems: [...gone, 'customer_busy'],
  async handle({ params, deps }) {
    const erasure = await eraseCustomer(deps.db, params.id, deps.clock.now());
    if (erasure.result !== 'erased') throw notErased[erasure.result]();
    void deps.relay.push(erasure.exits);
    return undefined;
  },
});

/** The longest that a submission holds its lease, wall seconds. */
const busySeconds = String(leaseMs / 1000);

const notErased = {
  not_found: () => new Problem('customer_not_found'),
  erased_before: () => new Problem('customer_erased'),
  sending: () => new Problem('customer_busy', { headers: { 'Retry-After': busySeconds } }),
};

/** The customer of this id, or the one that it was merged into; a problem where there is none (any more). */
export async function living({ db }: ApiDeps, id: string): Promise<CustomerRef> {
  const ref = await resolveCustomer(db, id);
  if (!ref) throw new Problem('customer_not_found');
  if (ref.erasedAt) throw new Problem('customer_erased');
  return ref;
}

/** As it is set now; what is not valid any more counts as not set. */
export async function shopOf({ db }: Pick<ApiDeps, 'db'>): Promise<ShopSettings> {
  const parsed = shopSettings.safeParse((await currentSettings(db, 'shop'))?.value);
  return parsed.success ? parsed.data : defaultShop;
}

function details(known: CustomerSummary, ref: CustomerRef, found: CustomerDetails, shop: ShopSettings) {
  const { suppressions, contactability, orders, ...rest } = found;
  return {
    ...known,
    ...rest,
    mergedFrom: ref.mergedFrom,
    orders: orders.map(({ total, currency, ...order }) => ({ ...order, total: { amount: total, currency } })),
    reachability: contactability.flatMap((profile) => reachability(profile, shop)),
  };
}

/** Of each channel that the shop uses, as the decision reads it. */
function reachability({ profile, known }: CustomerDetails['contactability'][number], shop: ShopSettings) {
  return shop.channels.map((channel) => {
    const reach = reachOf(known, channel);
    const may = (messageKind: 'marketing' | 'service') => {
      const reason = unreachableBecause(reach, messageKind, shop);
      return { reachable: reason === null, reason };
    };
    // A browser's endpoint says nothing to a reader, and who has it can write to that browser.
    const address = channelFacts[channel].address === 'device' ? null : reach.address;
    return { profile, channel, address, marketing: may('marketing'), service: may('service') };
  });
}

export const customerRoutes = [search, get, timelineOf, decisionsOf, erase];
