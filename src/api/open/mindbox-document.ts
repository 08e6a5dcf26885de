import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';

/** Operations of Mindbox in the document; the shapes of bodies and answers are Mindbox's. */

const open = z.record(z.string(), z.unknown());

const answer = z.object({
  status: z.enum(['Success', 'ValidationError']),
  validationMessages: z.array(z.object({ message: z.string(), location: z.string() })).optional(),
});

const failed = (description: string) => ({
  description,
  content: {
    'application/json': {
      schema: z.object({
        status: z.enum(['ProtocolError', 'InternalServerError']),
        errorMessage: z.string(),
        errorId: z.string(),
        httpStatusCode: z.int(),
      }),
    },
  },
});

export const mindboxRoutes: RouteConfig[] = (['sync', 'async'] as const).map((mode) => ({
  method: 'post',
  path: `/v3/operations/${mode}`,
  tags: ['Mindbox'],
  summary: 'An operation, as a shop sends it to Mindbox',
  description: 'What its name means is in the settings `mindbox`. Both ways answer when it is committed.',
  security: [{ mindboxKey: [] }],
  request: {
    query: z.object({
      operation: z.string(),
      endpointId: z.string().optional().meta({ description: 'Taken and not looked at: the key says who it is' }),
      deviceUUID: z.string().optional().meta({ description: 'The anonymous id' }),
      transactionId: z.string().optional().meta({ description: 'Makes it safe to send the same again' }),
    }),
    body: {
      required: true,
      content: {
        'application/json': {
          schema: open,
          example: { viewProduct: { product: { ids: { website: 'kettle-1' } }, price: 2499 } },
        },
      },
    },
  },
  responses: {
    200: {
      description: 'Committed, or what is wrong in the body',
      content: { 'application/json': { schema: answer } },
    },
    400: failed('Not JSON, too large, or an operation that has no kind'),
    401: failed('The key is not the write key of a source'),
    503: failed('Nothing was stored: send it again'),
  },
}));
