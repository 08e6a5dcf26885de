import { sql } from 'kysely';
import type { Db, Trx } from '#db/connect.ts';
import { inOrder } from '#db/pipeline.ts';
import { statement } from '#db/statement.ts';
import { hiddenAt } from '#domain/early-access.ts';
import type { Good } from '#domain/intent.ts';
import { fillUp, noFilters, type Offered, type Recommended, type Source, type Wish } from '#domain/recommend.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { bySimilarity, type Likeness } from '#domain/similarity.ts';
import type { Asked, Person } from './asked.ts';
import {
  aboutGoods,
  type Candidates,
  complementary,
  hits,
  novelties,
  personal,
  random,
  type Scope,
  scopeOf,
  similar,
} from './candidates.ts';
import { filtered } from './filtered.ts';

type Any = Db | Trx;

export interface Asking extends Person {
  shop: Pick<ShopSettings, 'earlyAccess' | 'zone'>;
  at: Date;
  /** Where it is known without looking: a visitor of the site, signed in or not. */
  registered?: boolean;
}

/** So many candidates are looked at first, and so many where those give too little. */
const windows = { first: 60, wide: 2_000 };
/** Of a source that looks into several categories: so many in each of them. */
const windowsOfEach = { first: 20, wide: 300 };
/** Discounted goods are looked for further, for they come first. */
const discountedTimes = 5;
/** Ranked by likeness, not by the database. */
const similarLooked = 300;
const mostAbout = 5;

/**
 * Goods for a person (P6): of one source after the other until there are `count`. A statement a source that is needed, each of
 * them bounded whatever the size of the catalogue.
 */
export async function recommend(
  db: Any,
  { shop, at, registered, ...person }: Asking,
  wish: Wish,
): Promise<Recommended[]> {
  const { seed, contact = null, filters, discountedFirst = false, exclude = [], count } = wish;
  const about = (wish.about ?? []).slice(0, mostAbout);
  const asked: Asked = {
    ...person,
    filters: { ...noFilters, ...filters },
    discountedFirst,
    seed,
    about,
    exclude: [...(wish.about ?? []), ...exclude],
    contact,
    at,
    hidden: hiddenAt(at, shop.earlyAccess, shop.zone),
    registered: registered ?? null,
    window: windows.first,
    limit: count,
  };
  let taken: Recommended[] = [];
  for (const source of wish.from) {
    if (taken.length >= count) break;
    const missing = {
      ...asked,
      exclude: [...asked.exclude, ...taken.map(({ id }) => id)],
      limit: count - taken.length,
    };
    taken = fillUp(taken, source, await sources[source](db, missing), count);
  }
  return taken;
}

/** What a source has for a wish, the best first; may be more than was wanted. */
type Reader = (db: Any, asked: Asked) => Promise<Good[]>;

const goodsOf = (offered: readonly Offered[]) => offered.map(({ good }) => good);

/** One statement a scope: each text is prepared once. */
function scoped(candidates: (scope: Scope) => Candidates) {
  const statements = {
    all: reads(candidates('all')),
    category: reads(candidates('category')),
    products: reads(candidates('products')),
  };
  return (db: Any, asked: Asked) => statements[scopeOf(asked)](db, asked);
}

function reads(candidates: Candidates) {
  return statement<Asked, Offered>((give) => filtered(give, candidates(give)));
}

/** Few candidates first, which do where most of the catalogue may be shown. */
function widening(read: ReturnType<typeof reads>, { first, wide } = windows): Reader {
  return async (db, asked) => {
    const found = await read(db, { ...asked, window: asked.discountedFirst ? first * discountedTimes : first });
    return goodsOf(found.length < asked.limit ? await read(db, { ...asked, window: wide }) : found);
  };
}

const readSimilar = reads(similar);
const readComplementary = widening(reads(complementary), windowsOfEach);
const readPersonal = widening(reads(personal), windowsOfEach);

/** Where the shop knows none of the goods that the wish is about, nothing is like them. */
async function readAlike(db: Any, asked: Asked): Promise<Good[]> {
  if (asked.about.length === 0) return [];
  const [about, offered] = await inOrder([
    readAbout(db, asked),
    readSimilar(db, { ...asked, limit: similarLooked }),
  ] as const);
  const alike = goodsOf(bySimilarity(about, offered));
  const isDiscounted = ({ oldPrice }: Good) => asked.discountedFirst && oldPrice !== null;
  return [...alike.filter(isDiscounted), ...alike.filter((good) => !isDiscounted(good))];
}

const readAbout = statement<Asked, Likeness>(
  (give) => sql`select a.category, a.brand, a.attributes, a.price from ${aboutGoods(give)}`,
);

const sources: Readonly<Record<Source, Reader>> = {
  hits: widening(scoped(hits)),
  novelties: widening(scoped(novelties)),
  random: widening(scoped(random)),
  similar: readAlike,
  complementary: async (db, asked) => (asked.about.length === 0 ? [] : readComplementary(db, asked)),
  personal: async (db, asked) => (asked.customerId === null ? [] : readPersonal(db, asked)),
};
