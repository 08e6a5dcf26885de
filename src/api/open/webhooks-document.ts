import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { webhookSourceNames } from '#api/webhooks/sources.ts';
import { problem } from './schemas/common.ts';

/** The webhooks of shops in the document. Their bodies are the shops' own. */

const taken = z.object({
  success: z.literal(true),
  stored: z.int().meta({ description: 'Events and products that are committed, or were' }),
  ignored: z.string().optional().meta({ description: 'Why the rest is not kept; sending it again changes nothing' }),
});

const failed = (description: string) => ({ description, content: { 'application/problem+json': { schema: problem } } });

export const webhookRoutes: RouteConfig[] = [
  {
    method: 'post',
    path: '/webhooks/{source}',
    tags: ['Webhooks'],
    summary: 'What a shop tells',
    description: 'Signed on the raw body as the source does it, with a secret of `/api/v1/webhook-secrets`.',
    security: [{ webhookSignature: [] }],
    request: {
      params: z.object({ source: z.enum(webhookSourceNames) }),
      body: { required: true, content: { 'application/json': { schema: z.record(z.string(), z.unknown()) } } },
    },
    responses: {
      200: { description: 'Committed, or nothing to keep', content: { 'application/json': { schema: taken } } },
      400: failed('`standard` only: never to be sent again as it is'),
      401: failed('`wrong_signature`, or `stale_signature` where the scheme signs a time'),
      404: failed('`webhook_unknown`, or `webhook_closed` while no secret is kept'),
      413: failed('The body is larger than 5 MB'),
      503: failed('Nothing was stored: send it again'),
    },
  },
];
