import { z } from 'zod';
import { purposes } from '#domain/consent.ts';
import { durationMs, isoDuration } from '#domain/duration.ts';
import { identityKinds } from '#domain/identity.ts';
import { channelNames, profileKinds } from '#domain/journey.ts';
import { type Condition, countedMetrics } from '#domain/segments.ts';
import { stages } from '#domain/stages.ts';
import { topics } from '#domain/topics.ts';
import { journeyNames } from '#workflows/catalogue.ts';
import { duration } from '#workflows/settings-schemas.ts';
import { instant, instantInput, listOf, orNull, uuid } from './common.ts';

const word = z.string().min(1).max(500);
const words = z.array(word).min(1).max(1000);
const profile = z.enum(profileKinds).optional().meta({ description: 'Either, if left out' });

const bound = z.number().min(-1e15).max(1e15).optional();
const bounds = { gte: bound, gt: bound, lte: bound, lt: bound, eq: bound };
const saysSomething = (test: object) => Object.values(test).some((value) => value !== undefined);
const nothing = 'must say something';

const number = z.strictObject(bounds).refine(saysSomething, nothing).meta({ id: 'NumberTest' });
const count = number.optional().meta({ description: 'At least one, if left out' });

const moment = z.iso.datetime({ offset: true }).optional();
const time = z
  .strictObject({
    within: duration.optional().meta({ description: 'Not longer ago than this' }),
    before: duration.optional().meta({ description: 'Longer ago than this' }),
    from: moment,
    to: moment,
  })
  .refine(saysSomething, nothing)
  .refine(
    ({ within, before }) => !isDuration(within) || !isDuration(before) || durationMs(within) > durationMs(before),
    '`within` must be longer than `before`',
  )
  .meta({ id: 'TimeTest', description: '45 to 90 days ago: `{"within": "P90D", "before": "P45D"}`' });

const isDuration = (text: string | undefined): text is string => text !== undefined && isoDuration.test(text);

const trait = z.strictObject({
  where: z.literal('trait'),
  name: z.string().min(1).max(100),
  is: z
    .strictObject({
      in: z
        .array(z.union([word, z.number(), z.boolean()]))
        .min(1)
        .max(1000)
        .optional(),
      contains: word.optional().meta({ description: 'In whatever case' }),
      known: z.boolean().optional(),
      ...bounds,
    })
    .refine(saysSomething, nothing),
});

const customer = z
  .strictObject({
    where: z.literal('customer'),
    kind: z.enum(['b2c', 'b2b']).optional(),
    region: words.optional(),
    locale: z.array(z.string().length(2)).min(1).max(50).optional().meta({ description: 'Languages: `ru`' }),
    profiles: z.array(z.enum(profileKinds)).min(1).optional().meta({ description: 'Has one of these' }),
    knownBy: z
      .array(z.enum(identityKinds))
      .min(1)
      .optional()
      .meta({ description: 'Has an identity of one of these kinds: `card` and not `user_id` buys in the shop alone' }),
    signedUp: time.optional(),
    seen: time.optional(),
  })
  .refine(({ where: _, ...test }) => saysSomething(test), nothing);

const metric = z.strictObject({ where: z.literal('metric'), metric: z.enum(countedMetrics), profile, is: number });

const rfm = z
  .strictObject({
    where: z.literal('rfm'),
    profile,
    codes: z
      .array(z.string().regex(/^[1-3x]{3}$/, 'must be a code such as 311, with x for any digit'))
      .min(1)
      .max(27)
      .optional(),
    segments: words.optional().meta({ description: 'Keys of named segments: `champions`' }),
  })
  .refine(({ codes, segments }) => codes ?? segments, 'must say codes or segments');

const stage = z.strictObject({
  where: z.literal('stage'),
  profile,
  in: z.array(z.enum(stages)).min(1),
  since: time.optional(),
});

const lines = z
  .strictObject({ products: words.optional(), categories: words.optional(), brands: words.optional() })
  .refine(saysSomething, nothing);

const orders = z.strictObject({
  where: z.literal('orders'),
  profile,
  placed: time.optional(),
  total: number.optional().meta({ description: 'Minor units' }),
  lines: lines.optional().meta({ description: 'A line of the order that is all that' }),
  reduced: z.boolean().optional().meta({ description: 'At a reduced price, or with a promo code' }),
  last: z.boolean().optional().meta({ description: 'The last order of the profile alone' }),
  count,
});

const events = z.strictObject({
  where: z.literal('events'),
  name: z.string().min(1).max(200),
  profile,
  occurred: time.optional(),
  count,
});

const consent = z.strictObject({
  where: z.literal('consent'),
  purpose: z.enum(purposes).default('advertising'),
  channel: z.enum([...channelNames, '*']).default('*'),
  topic: z.enum([...topics, '*']).default('*'),
  state: z.enum(['granted', 'denied']),
});

const reachable = z.strictObject({
  where: z.literal('reachable'),
  channels: z.array(z.enum(channelNames)).min(1).meta({ description: 'Any of them, with advertising' }),
});

const journey = z.strictObject({
  where: z.literal('journey'),
  journey: z.enum(journeyNames),
  live: z.boolean().optional(),
  outcome: z.string().min(1).max(100).optional().meta({ description: '`goal`, `completed`, `exited:…`' }),
  entered: time.optional(),
});

const message = z.strictObject({
  where: z.literal('message'),
  reaction: z.enum(['sent', 'opened', 'clicked']),
  journey: z.enum(journeyNames).optional(),
  template: z.string().min(1).max(200).optional(),
  channel: z.enum(channelNames).optional(),
  at: time.optional(),
  count,
});

const segment = z.strictObject({ where: z.literal('segment'), id: uuid });

const leaves = z.discriminatedUnion('where', [
  trait,
  customer,
  metric,
  rfm,
  stage,
  orders,
  events,
  consent,
  reachable,
  journey,
  message,
  segment,
]);

/** `Condition` of the domain, as documents say it. */
export const condition: z.ZodType<Condition> = z
  .union([
    z.strictObject({
      all: z
        .array(z.lazy(() => condition))
        .min(1)
        .max(50),
    }),
    z.strictObject({
      any: z
        .array(z.lazy(() => condition))
        .min(1)
        .max(50),
    }),
    z.strictObject({ not: z.lazy(() => condition) }),
    leaves,
  ])
  .meta({ id: 'Condition', description: 'Of a segment: one thing about a customer, or `all`, `any`, `not` of others' });

const deepest = 8;
const mostLeaves = 100;
const joints = ['all', 'any', 'not'] as const;

/** `condition`, checked part by part, so that what is wrong is named where it stands. */
const checked = z.unknown().transform((value, context): Condition => check(value, context) ?? z.NEVER);
/** As a union with null it would say no more than that neither fits. */
const checkedOrNull = z.unknown().transform((value, context) => (value === null ? null : check(value, context)));

function check(value: unknown, context: z.RefinementCtx): Condition | null {
  const issues: Issue[] = [];
  const counted = { leaves: 0 };
  const read = readCondition(value, [], issues, counted);
  if (counted.leaves > mostLeaves) issues.push({ path: [], message: `has more than ${mostLeaves} conditions` });
  for (const { path, message } of issues) context.issues.push({ code: 'custom', path, message, input: value });
  return read;
}

interface Issue {
  path: PropertyKey[];
  message: string;
}

function readCondition(
  value: unknown,
  path: PropertyKey[],
  issues: Issue[],
  counted: { leaves: number },
): Condition | null {
  const joint = typeof value === 'object' && value !== null ? joints.find((one) => one in value) : undefined;
  if (joint === undefined) return readLeaf(value, path, issues, counted);
  const { [joint]: inner, ...rest } = value as Record<string, unknown>;
  for (const key of Object.keys(rest))
    issues.push({ path: [...path, key], message: `does not stand beside \`${joint}\`` });
  if (path.length >= deepest * 2) issues.push({ path, message: `is nested in more than ${deepest} levels` });
  if (issues.length > 0) return null;
  if (joint === 'not') {
    const read = readCondition(inner, [...path, joint], issues, counted);
    return read && { not: read };
  }
  if (!Array.isArray(inner) || inner.length === 0 || inner.length > 50) {
    issues.push({ path: [...path, joint], message: 'must be a list of 1 to 50 conditions' });
    return null;
  }
  const read = inner.map((one, place) => readCondition(one, [...path, joint, place], issues, counted));
  const parts = read.filter((one) => one !== null);
  return joint === 'all' ? { all: parts } : { any: parts };
}

function readLeaf(value: unknown, path: PropertyKey[], issues: Issue[], counted: { leaves: number }): Condition | null {
  counted.leaves += 1;
  const parsed = leaves.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
    const message = issue.code === 'invalid_union' && issue.path.at(-1) === 'where' ? notAKind : issue.message;
    issues.push({ path: [...path, ...issue.path, ...keys.slice(0, 1)], message });
  }
  return null;
}

const notAKind = `must be one of ${leaves.options.map((option) => [...option.shape.where.values].join()).join(', ')}; or all, any, not beside it`;

const name = z.string().trim().min(1).max(200);
const endsAt = orNull(instantInput)
  .default(null)
  .meta({ description: 'Of an imported list: from then on nobody is in it' });

/** Without a condition members are given with `POST …/members`. */
export const segmentInput = z
  .strictObject({ name, condition: checkedOrNull.default(null), expiresAt: endsAt })
  .refine(({ condition, expiresAt }) => condition === null || expiresAt === null, {
    path: ['expiresAt'],
    message: 'is of imported lists alone',
  });

export const segmentInputInDocument = z
  .strictObject({ name, condition: orNull(condition).default(null), expiresAt: endsAt })
  .meta({ id: 'SegmentInput' });

export const sizeInput = z.strictObject({ condition: checked });
export const sizeInputInDocument = z.strictObject({ condition });
export const segmentSize = z.object({ size: z.int().min(0) }).meta({ id: 'SegmentSize' });

export const segmentView = z
  .object({
    id: uuid,
    name: z.string(),
    condition: orNull(condition),
    expiresAt: orNull(instant),
    createdAt: instant,
    evaluatedAt: orNull(instant).meta({ description: 'Members are right as of then' }),
    size: z.int().min(0),
  })
  .meta({ id: 'Segment' });

export const segmentList = listOf(segmentView).meta({ id: 'SegmentList' });

export const memberList = listOf(z.object({ customerId: uuid, since: instant })).meta({ id: 'SegmentMemberList' });

export const changeList = listOf(z.object({ seq: z.int(), customerId: uuid, entered: z.boolean(), at: instant })).meta({
  id: 'SegmentChangeList',
});

const member = z
  .strictObject({
    customerId: uuid.optional(),
    userId: z.string().trim().min(1).max(255).optional(),
    email: z.string().trim().max(254).optional(),
    phone: z.string().trim().max(40).optional(),
  })
  .refine((given) => Object.values(given).filter((value) => value !== undefined).length === 1, {
    path: ['userId'],
    message: 'one of customerId, userId, email and phone is needed, and one alone',
  });

export const membersInput = z
  .strictObject({
    items: z.array(member).max(10_000),
    replace: z.boolean().default(false).meta({ description: 'Who is not among them leaves' }),
  })
  .meta({ id: 'SegmentMembersInput' });

export const membersImported = z
  .object({
    size: z.int().min(0),
    unknown: z.array(z.int()).meta({ description: 'Places in `items` of whom nobody knows' }),
  })
  .meta({ id: 'SegmentMembersImported' });
