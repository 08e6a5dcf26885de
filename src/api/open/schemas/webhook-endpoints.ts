import { z } from 'zod';
import { instant, listOf, orNull, uuid } from './common.ts';

/** What we tell of, by webhook. */
export const webhookEvents = [
  'hold.offered',
  'hold.accepted',
  'hold.ordered',
  'hold.overtaken',
  'hold.cancelled',
] as const;

export const webhookEndpointInput = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .refine((url) => !new URL(url).username && !new URL(url).password, 'must carry no name and password'),
    events: z
      .array(z.enum(['hold.*', ...webhookEvents]))
      .min(1)
      .default(['hold.*']),
    secret: z
      .string()
      .max(500)
      .optional()
      .meta({ description: '`whsec_…` by which webhooks are signed; left out: one is made' }),
  })
  .meta({ id: 'WebhookEndpointInput' });

const endpoint = z.object({ id: uuid, url: z.string(), events: z.array(z.string()), createdAt: instant });

export const webhookEndpointCreated = endpoint
  .extend({ secret: z.string().meta({ description: 'In the clear this once' }) })
  .meta({ id: 'WebhookEndpointCreated' });

export const webhookEndpointList = listOf(
  endpoint
    .extend({
      waiting: z.int().meta({ description: 'On their way, or to be tried again' }),
      dead: z.int().meta({ description: 'Given up after about three days of attempts' }),
      lastDeliveredAt: orNull(instant),
      lastError: orNull(z.string()),
    })
    .meta({ id: 'WebhookEndpoint' }),
).meta({ id: 'WebhookEndpointList' });

export const webhookDeliveryList = listOf(
  z
    .object({
      id: uuid.meta({ description: 'As in the header `webhook-id`' }),
      event: z.string(),
      at: instant,
      state: z.enum(['waiting', 'delivered', 'dead']),
      attempts: z.int(),
      nextAt: orNull(instant),
      lastError: orNull(z.string()),
    })
    .meta({ id: 'WebhookDelivery' }),
).meta({ id: 'WebhookDeliveryList' });
