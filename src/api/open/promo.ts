import { z } from 'zod';
import type { ApiDeps } from '#api/deps.ts';
import { type FieldError, Problem } from '#api/problems.ts';
import { type CodeFilter, type CodeRow, codesOfPool, type Imported, importCodes } from '#db/promo-list.ts';
import { changePromoPool, createPromoPool, lowSizes, type PoolRow, promoPools } from '#db/promo-pools.ts';
import { changeObjections, type PromoExpiry, type PromoPool, type PromoSize, type Worth } from '#domain/promo.ts';
import { decodeCursor, page, textCursor } from './cursor.ts';
import { linesOf } from './promo-file.ts';
import { route } from './route.ts';
import { paging } from './schemas/common.ts';
import {
  promoCodeInput,
  promoCodeList,
  promoCodeResults,
  promoCodesInput,
  promoPool,
  promoPoolInput,
  promoPoolList,
} from './schemas/promo.ts';
import { fieldError, fieldErrors, unstorable } from './validate.ts';

const tag = 'Promo codes';
const params = z.object({ id: z.uuid() });

const list = route({
  method: 'get',
  path: '/promo-pools',
  tag,
  summary: 'Pools of promo codes by name, with what they have in stock',
  query: z.strictObject(paging),
  answer: promoPoolList,
  problems: ['invalid_cursor'],
  async handle({ query: { limit, cursor }, deps }) {
    const after = decodeCursor(cursor, textCursor)?.[0] ?? '';
    const { items, next } = page(await promoPools(deps.db, { after, limit: limit + 1 }), limit, ({ name }) => [name]);
    return { items: items.map(poolView), next };
  },
});

const create = route({
  method: 'post',
  path: '/promo-pools',
  tag,
  summary: 'Makes a pool of promo codes',
  description:
    'Its codes are made here (`generated`: some ahead, so that no message waits; read them with `GET …/codes` for the checkout), or they ' +
    'are given with `POST …/codes`. A customer gets a code of the first size whose rules all hold. Journeys name the pool in `promo`.',
  body: promoPoolInput,
  example: {
    name: 'welcome',
    sizes: [
      { name: 'company', when: [{ field: 'kind', is: ['b2b'] }], percent: 5 },
      { name: 'person', percent: 10 },
    ],
    expiry: { after: 'P14D' },
    generated: { pattern: 'HELLO-??????' },
  },
  status: 201,
  answer: promoPool,
  problems: ['promo_pool_taken'],
  async handle({ body, deps }) {
    const id = await createPromoPool(deps.db, poolOf(body), deps.clock.now());
    if (id === null) throw new Problem('promo_pool_taken');
    return poolView(await found(deps, id));
  },
});

const change = route({
  method: 'put',
  path: '/promo-pools/{id}',
  tag,
  summary: 'Changes a pool of promo codes',
  description:
    'The whole pool is given, as it was made. Its name, how its codes are made and what codes of its sizes take off stay as they are; ' +
    'new sizes may be added. A new expiry is that of codes issued from now on.',
  params,
  body: promoPoolInput,
  answer: promoPool,
  problems: ['promo_pool_not_found'],
  async handle({ params, body, deps }) {
    const [before, after] = [await found(deps, params.id), poolOf(body)];
    const errors = changeObjections(before, after).map(({ path, message }) => fieldError(path, message, true));
    if (errors.length > 0) throw new Problem('invalid_request', { detail: 'The pool cannot change so.', errors });
    await changePromoPool(deps.db, params.id, after);
    return poolView(await found(deps, params.id));
  },
});

const codes = route({
  method: 'get',
  path: '/promo-pools/{id}/codes',
  tag,
  summary: 'Codes of a pool, oldest first: whose they are, until when, and which order redeemed them',
  params,
  query: z.strictObject({
    ...paging,
    state: z.enum(['free', 'issued', 'redeemed']).optional(),
    size: z.string().max(60).optional(),
  }),
  answer: promoCodeList,
  problems: ['promo_pool_not_found', 'invalid_cursor'],
  async handle({ params, query: { limit, cursor, state, size }, deps }) {
    await found(deps, params.id);
    const after = decodeCursor(cursor, seqCursor)?.[0] ?? 0;
    const filter: CodeFilter = { ...(state && { state }), ...(size !== undefined && { size }) };
    const rows = await codesOfPool(deps.db, params.id, filter, after, limit + 1);
    const { items, next } = page(rows, limit, ({ seq }) => [seq]);
    return { items: items.map(codeView), next };
  },
});

const seqCursor = z.tuple([z.int().min(0)]);

const add = route({
  method: 'post',
  path: '/promo-pools/{id}/codes',
  tag,
  summary: 'Gives up to 10,000 codes to a pool',
  description:
    'As JSON, or as a file of lines (`text/plain`, `text/csv`): the code, then the size where the pool has several. Each item is answered ' +
    'on its own; giving the same again changes nothing. A code belongs to one pool, however its letters are written.',
  params,
  body: z.union([z.string(), z.strictObject({ items: z.array(z.unknown()).min(1).max(10_000) })]),
  bodyInDocument: promoCodesInput,
  files: ['text/plain', 'text/csv'],
  example: { items: [{ code: 'SPRING-7K2Q' }, { code: 'SPRING-M4XW' }] },
  answer: promoCodeResults,
  problems: ['promo_pool_not_found', 'promo_pool_generated'],
  async handle({ params, body, deps }) {
    const pool = await found(deps, params.id);
    if (pool.generated !== null) throw new Problem('promo_pool_generated');
    const items = typeof body === 'string' ? linesOf(body) : body.items;
    const checked = items.map((item, index) => check(item, index, pool.sizes));
    const good = checked.flatMap((item) => ('size' in item ? [item] : []));
    const answers = await importCodes(deps.db, pool.id, good);
    const byItem = new Map(good.map((item, index) => [item as Checked, answers[index]]));
    return {
      items: checked.map((item, index) => ({ index, code: item.code, ...result(item, byItem.get(item), index) })),
    };
  },
});

type Checked = { code: string; size: PromoSize } | { code: string | null; errors: FieldError[] };

function check(item: unknown, index: number, sizes: readonly PromoSize[]): Checked {
  const where = ['items', index];
  const bad = unstorable(item);
  if (bad) return { code: null, errors: [fieldError([...where, ...bad.path], bad.message, true)] };
  const parsed = promoCodeInput.safeParse(item);
  if (!parsed.success) return { code: codeOf(item), errors: fieldErrors(parsed.error, true, where) };
  const { code, size: name = sizes[0]?.name } = parsed.data;
  const size = sizes.find((one) => one.name === name);
  const known = sizes.map((one) => one.name).join(', ');
  return size === undefined
    ? { code, errors: [fieldError([...where, 'size'], `the pool has no such size; it has ${known}`, true)] }
    : { code, size };
}

/** As it was sent, so that its sender can tell which one was refused. */
function codeOf(item: unknown): string | null {
  const given = typeof item === 'object' && item !== null && 'code' in item ? item.code : null;
  return typeof given === 'string' ? given.slice(0, 200) : null;
}

function result(item: Checked, answer: Imported | undefined, index: number) {
  if ('errors' in item) return { status: 'refused' as const, errors: item.errors };
  if (answer !== 'taken' && answer !== undefined) return { status: answer };
  const taken = 'is in another pool, or of another size of this one';
  return { status: 'refused' as const, errors: [fieldError(['items', index, 'code'], taken, true)] };
}

async function found({ db }: Pick<ApiDeps, 'db'>, id: string): Promise<PoolRow> {
  const [pool] = await promoPools(db, { id });
  if (pool === undefined) throw new Problem('promo_pool_not_found');
  return pool;
}

function poolOf({ expiry, sizes, ...rest }: z.output<typeof promoPoolInput>): PromoPool {
  return {
    ...rest,
    sizes: sizes.map(({ name, when, percent, amount }) => ({ name, when, ...worthOf(percent, amount) })),
    expiry: expiry.at ? { at: expiry.at.toISOString() } : ({ after: expiry.after } as PromoExpiry),
  };
}

/** Which the schema lets through has one of the two. */
function worthOf(percent: Worth['percent'], amount: Worth['amount']): Worth {
  return percent === undefined ? ({ amount } as Worth) : { percent };
}

function poolView({ stock, sizes, emptyAt, ...pool }: PoolRow) {
  const low = lowSizes({ ...pool, sizes, stock });
  const counted = sizes.map((size) => {
    const { free = 0, issued = 0, redeemed = 0 } = stock.find((one) => one.size === size.name) ?? {};
    return { ...size, when: [...size.when], free, issued, redeemed, low: low.includes(size.name) };
  });
  return { ...pool, sizes: counted, low: low.length > 0, emptySince: emptyAt };
}

/** As the API shows a code, and the export of whose it is. */
export function codeView({ seq: _, percent, amount, currency, ...row }: CodeRow) {
  const worth = percent === null ? { amount: { amount: amount ?? 0, currency: currency ?? '' } } : { percent };
  const state = row.redeemedAt !== null ? 'redeemed' : row.issuedAt !== null ? 'issued' : 'free';
  return { ...row, ...worth, state };
}

export const promoRoutes = [list, create, change, codes, add];
