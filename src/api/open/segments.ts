import { z } from 'zod';
import type { ApiDeps } from '#api/deps.ts';
import { Problem } from '#api/problems.ts';
import { phoneNumber } from '#api/segment/calls.ts';
import { changesOf, importMembers, membersOf, type Named } from '#db/segments/members.ts';
import { evaluateSegment } from '#db/segments/refresh.ts';
import {
  deleteSegment,
  findSegment,
  insertSegment,
  listSegments,
  namedBy,
  readingAt,
  type Segment,
  sizeOf,
  updateSegment,
} from '#db/segments/segments.ts';
import { emailAddress } from '#domain/segment.ts';
import type { Condition } from '#domain/segments.ts';
import { defaultShop } from '#domain/shop.ts';
import { decodeCursor, idCursor, page, textCursor } from './cursor.ts';
import { route } from './route.ts';
import { paging } from './schemas/common.ts';
import {
  changeList,
  memberList,
  membersImported,
  membersInput,
  segmentInput,
  segmentInputInDocument,
  segmentList,
  segmentSize,
  segmentView,
  sizeInput,
  sizeInputInDocument,
} from './schemas/segments.ts';
import { fieldError } from './validate.ts';

const tag = 'Segments';
const params = z.object({ id: z.uuid() });
const example = {
  name: 'Consumables bought 45 to 90 days ago, small cheque',
  condition: {
    all: [
      { where: 'orders', placed: { within: 'P90D', before: 'P45D' }, lines: { categories: ['Consumables'] } },
      { where: 'metric', metric: 'average', is: { lt: 700000 } },
      { not: { where: 'orders', placed: { within: 'P45D' }, lines: { categories: ['Consumables'] } } },
    ],
  },
};

const list = route({
  method: 'get',
  path: '/segments',
  tag,
  summary: 'Segments by name, with their sizes',
  query: z.strictObject(paging),
  answer: segmentList,
  problems: ['invalid_cursor'],
  async handle({ query: { limit, cursor }, deps }) {
    const after = decodeCursor(cursor, textCursor)?.[0] ?? '';
    return page(await listSegments(deps.db, after, limit + 1), limit, ({ name }) => [name]);
  },
});

const create = route({
  method: 'post',
  path: '/segments',
  tag,
  summary: 'Makes a segment; its size is told at once',
  description:
    'By a `condition`: its members follow what is known of customers. Without one it is a list from elsewhere, whose members are given.',
  body: segmentInput,
  bodyInDocument: segmentInputInDocument,
  example,
  status: 201,
  answer: segmentView,
  problems: ['segment_taken'],
  async handle({ body, deps }) {
    await mustBeSound(deps, body.condition, null);
    const id = await insertSegment(deps.db, body, deps.clock.now());
    if (id === null) throw new Problem('segment_taken');
    return evaluated(deps, id, body.condition);
  },
});

const get = route({
  method: 'get',
  path: '/segments/{id}',
  tag,
  summary: 'One segment',
  params,
  answer: segmentView,
  problems: ['segment_not_found'],
  handle: ({ params, deps }) => segmentOf(deps, params.id),
});

const put = route({
  method: 'put',
  path: '/segments/{id}',
  tag,
  summary: 'Another name or condition; who meets it now is found at once',
  params,
  body: segmentInput,
  bodyInDocument: segmentInputInDocument,
  example,
  answer: segmentView,
  problems: ['segment_not_found', 'segment_taken', 'segment_imported'],
  async handle({ params, body, deps }) {
    const segment = await segmentOf(deps, params.id);
    if ((segment.condition === null) !== (body.condition === null)) throw new Problem('segment_imported');
    await mustBeSound(deps, body.condition, params.id);
    if ((await updateSegment(deps.db, params.id, body)) === 'taken') throw new Problem('segment_taken');
    return evaluated(deps, params.id, body.condition);
  },
});

const remove = route({
  method: 'delete',
  path: '/segments/{id}',
  tag,
  summary: 'Forgets a segment that no other names',
  params,
  status: 204,
  problems: ['segment_not_found', 'segment_in_use'],
  async handle({ params, deps }) {
    await segmentOf(deps, params.id);
    const { reading } = await readingAt(deps.db, deps.clock.now());
    for (const condition of reading.segments.values())
      if (condition && namedBy(condition, reading.segments).has(params.id)) throw new Problem('segment_in_use');
    await deleteSegment(deps.db, params.id);
    return undefined;
  },
});

const size = route({
  method: 'post',
  path: '/segments/size',
  tag,
  summary: 'How many customers meet a condition now; nothing is kept',
  body: sizeInput,
  bodyInDocument: sizeInputInDocument,
  example: { condition: example.condition },
  answer: segmentSize,
  async handle({ body, deps }) {
    await mustBeSound(deps, body.condition, null);
    const { reading } = await readingAt(deps.db, deps.clock.now());
    return { size: await sizeOf(deps.db, body.condition, reading) };
  },
});

const members = route({
  method: 'get',
  path: '/segments/{id}/members',
  tag,
  summary: 'Who is in a segment, as of `evaluatedAt`',
  params,
  query: z.strictObject(paging),
  answer: memberList,
  problems: ['segment_not_found', 'invalid_cursor'],
  async handle({ params, query: { limit, cursor }, deps }) {
    const after = decodeCursor(cursor, idCursor)?.[0] ?? null;
    await segmentOf(deps, params.id);
    const found = await membersOf(deps.db, params.id, deps.clock.now(), after, limit + 1);
    return page(found, limit, ({ customerId }) => [customerId]);
  },
});

const seqCursor = z.tuple([z.int().min(0)]);

const changes = route({
  method: 'get',
  path: '/segments/{id}/changes',
  tag,
  summary: 'Who entered and left, oldest first',
  params,
  query: z.strictObject(paging),
  answer: changeList,
  problems: ['segment_not_found', 'invalid_cursor'],
  async handle({ params, query: { limit, cursor }, deps }) {
    const after = decodeCursor(cursor, seqCursor)?.[0] ?? 0;
    await segmentOf(deps, params.id);
    return page(await changesOf(deps.db, params.id, after, limit + 1), limit, ({ seq }) => [seq]);
  },
});

const give = route({
  method: 'post',
  path: '/segments/{id}/members',
  tag,
  summary: 'Members of a list from elsewhere, up to 10,000 at a time',
  params,
  body: membersInput,
  example: { items: [{ userId: 'anna' }, { email: 'boris@example.com' }], replace: true },
  answer: membersImported,
  problems: ['segment_not_found', 'segment_dynamic'],
  async handle({ params, body: { items, replace }, deps }) {
    if ((await segmentOf(deps, params.id)).condition !== null) throw new Problem('segment_dynamic');
    const { currency } = deps.shop?.() ?? defaultShop;
    const named = items.map((item) => identityOf(item, currency));
    const unknown = await importMembers(deps.db, params.id, named, replace, deps.clock.now());
    return { size: (await segmentOf(deps, params.id)).size, unknown: [...unknown] };
  },
});

/** As identities are kept. */
function identityOf(
  { customerId, userId, email, phone }: z.output<typeof membersInput>['items'][number],
  currency: string,
): Named {
  if (customerId !== undefined) return { kind: 'id', value: customerId };
  if (userId !== undefined) return { kind: 'user_id', value: userId };
  if (email !== undefined) return { kind: 'email', value: emailAddress(email) ?? email };
  return { kind: 'phone', value: phoneNumber(phone ?? '', currency) ?? phone ?? '' };
}

async function segmentOf({ db }: ApiDeps, id: string): Promise<Segment> {
  const segment = await findSegment(db, id);
  if (!segment) throw new Problem('segment_not_found');
  return segment;
}

async function evaluated(deps: ApiDeps, id: string, condition: Condition | null): Promise<Segment> {
  if (condition !== null) await evaluateSegment(deps.db, id, condition, deps.clock.now());
  return segmentOf(deps, id);
}

/** Throws where a condition names a segment that nobody has made, or leads back to `own`. */
async function mustBeSound({ db, clock }: ApiDeps, condition: Condition | null, own: string | null): Promise<void> {
  if (condition === null) return;
  const { reading } = await readingAt(db, clock.now());
  for (const id of namedBy(condition, reading.segments)) {
    const message =
      id === own
        ? 'leads back to the segment itself'
        : reading.segments.has(id)
          ? null
          : `names a segment that does not exist: ${id}`;
    if (message === null) continue;
    throw new Problem('invalid_request', {
      detail: `condition: ${message}.`,
      errors: [fieldError(['condition'], message, true)],
    });
  }
}

export const segmentRoutes = [list, create, size, get, put, remove, members, give, changes];
