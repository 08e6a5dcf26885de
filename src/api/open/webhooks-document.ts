import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { providerNames } from '#api/webhooks/providers.ts';
import { webhookSourceNames } from '#api/webhooks/sources.ts';
import { problem } from './schemas/common.ts';

/** The webhooks of shops and providers in the document. Their bodies are their own. */

const taken = z.object({
  success: z.literal(true),
  stored: z.int().meta({
    description:
      'Events and products that are committed, or were; of a provider, what it told of messages and addresses',
  }),
  ignored: z.string().optional().meta({ description: 'Why the rest is not kept; sending it again changes nothing' }),
});

const failed = (description: string) => ({ description, content: { 'application/problem+json': { schema: problem } } });

const answers = {
  200: {
    description: 'Committed, or nothing to keep; some providers are answered in their own words',
    content: { 'application/json': { schema: taken } },
  },
  400: failed('`standard` only: never to be sent again as it is'),
  401: failed('`wrong_signature`, or `stale_signature` where the scheme signs a time'),
  404: failed('`webhook_unknown`, or `webhook_closed` while no secret is kept'),
  413: failed('The body is larger than 5 MB'),
  503: failed('Nothing was stored, or not all of it: send it again'),
};

const security = [{ webhookSignature: [] }];
const tags = ['Webhooks'];

export const webhookRoutes: RouteConfig[] = [
  {
    method: 'post',
    path: '/webhooks/{source}',
    tags,
    summary: 'What a shop tells, and what a provider tells of messages',
    description: 'Signed on the raw body as the source does it, with a secret of `/api/v1/webhook-secrets`.',
    security,
    request: {
      params: z.object({ source: z.enum([...webhookSourceNames, ...providerNames]) }),
      body: { required: true, content: { 'application/json': { schema: z.unknown() } } },
    },
    responses: answers,
  },
  {
    method: 'get',
    path: '/webhooks/{source}',
    tags,
    summary: 'How a provider asks whose address this is, or tells what it can only tell so',
    security,
    request: { params: z.object({ source: z.enum(providerNames) }) },
    responses: answers,
  },
];
