import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { problem } from './schemas/common.ts';

/** Segment's tracking API in the document. Its calls are read by hand (`src/api/segment`): they come in by the thousand,
 *  and clients differ in what they send beside what counts. */

const open = z.record(z.string(), z.unknown());
const when = z.iso.datetime().optional();

const call = {
  messageId: z.string().optional().meta({ description: 'One event per source and message id: repeats change nothing' }),
  userId: z.string().max(255).optional().meta({ description: 'This or `anonymousId`' }),
  anonymousId: z.string().max(255).optional(),
  timestamp: when.meta({ description: 'When it happened' }),
  sentAt: when.meta({ description: "The client's clock when it was sent: its skew is taken out" }),
  context: open.optional().meta({ description: '`profile`: personal or corporate' }),
  writeKey: z.string().optional().meta({ description: 'Where it is not given by Basic authentication' }),
};

const calls = {
  identify: { summary: 'Who somebody is', body: z.object({ ...call, traits: open.optional() }) },
  track: { summary: 'What somebody did', body: z.object({ ...call, event: z.string(), properties: open.optional() }) },
  page: {
    summary: 'A page was seen',
    body: z.object({ ...call, name: z.string().optional(), properties: open.optional() }),
  },
  screen: {
    summary: 'A screen was seen',
    body: z.object({ ...call, name: z.string().optional(), properties: open.optional() }),
  },
  group: {
    summary: 'Which company somebody belongs to',
    body: z.object({ ...call, groupId: z.string(), traits: open.optional() }),
  },
  alias: { summary: 'Two ids are one customer', body: z.object({ ...call, previousId: z.string() }) },
  batch: {
    summary: 'Many calls at once, up to 500 KB',
    body: z.object({ batch: z.array(open), sentAt: when, writeKey: call.writeKey }),
  },
} satisfies Record<string, { summary: string; body: z.ZodObject }>;

const examples: Record<keyof typeof calls, unknown> = {
  identify: { userId: 'anna', traits: { email: 'anna@example.com', firstName: 'Anna' } },
  track: { userId: 'anna', event: 'Product Added', properties: { product_id: 'kettle-1', quantity: 1 } },
  page: { anonymousId: 'visitor-1', name: 'Home' },
  screen: { anonymousId: 'visitor-1', name: 'Home' },
  group: { userId: 'anna', groupId: 'acme', traits: { name: 'Acme' } },
  alias: { userId: 'anna', previousId: 'visitor-1' },
  batch: {
    batch: [{ type: 'track', userId: 'anna', event: 'Product Viewed', properties: { product_id: 'kettle-1' } }],
  },
};

const accepted = z.object({
  success: z.literal(true),
  refused: z
    .array(z.object({ index: z.int(), field: z.string(), reason: z.string() }))
    .optional()
    .meta({ description: 'Calls of a batch that can never be taken; the others are stored' }),
});

const failed = (description: string) => ({ description, content: { 'application/problem+json': { schema: problem } } });

export const trackingRoutes: RouteConfig[] = Object.entries(calls).map(([name, { summary, body }]) => ({
  method: 'post',
  path: `/v1/${name}`,
  tags: ['Tracking'],
  summary,
  security: [{ writeKey: [] }],
  request: {
    body: {
      required: true,
      content: { 'application/json': { schema: body, example: examples[name as keyof typeof calls] } },
    },
  },
  responses: {
    200: { description: 'Stored, or known already', content: { 'application/json': { schema: accepted } } },
    400: failed('Never to be sent again as it is: not JSON, too large, or nothing in it can be taken'),
    401: failed('The write key is not valid'),
    503: failed('Nothing was stored: send it again'),
  },
}));
