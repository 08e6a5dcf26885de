import { z } from 'zod';
import { providerNames } from '#api/webhooks/providers.ts';
import { webhookSourceNames } from '#api/webhooks/sources.ts';
import { instant, listOf, uuid } from './common.ts';

const source = z
  .enum([...webhookSourceNames, ...providerNames])
  .meta({ description: 'The last part of `/webhooks/:source`' });

export const webhookSecretInput = z
  .strictObject({
    source,
    name: z.string().trim().min(1).max(100),
    secret: z
      .string()
      .min(8)
      .max(500)
      .optional()
      .meta({ description: 'The one that the shop or provider has given; left out: one is made' }),
  })
  .meta({ id: 'WebhookSecretInput' });

export const webhookSecret = z
  .object({ id: uuid, source, name: z.string(), createdAt: instant })
  .meta({ id: 'WebhookSecret' });

export const webhookSecretCreated = webhookSecret
  .extend({ secret: z.string().meta({ description: 'In the clear this once' }) })
  .meta({ id: 'WebhookSecretCreated' });

export const webhookSecretList = listOf(webhookSecret).meta({ id: 'WebhookSecretList' });
