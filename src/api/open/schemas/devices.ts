import { z } from 'zod';
import { pushSubscription, pushToken } from '#api/site/schemas.ts';
import { knownPushServices } from '#domain/push-services.ts';
import { fieldError, instant, orNull } from './common.ts';

const allowed = z
  .boolean()
  .default(true)
  .meta({ description: 'Its owner allowed notifications; false: nobody was asked, and a no stays a no' });

const channel = z.enum(['web_push', 'app_push']);

export function deviceInput(services: readonly string[]) {
  return z.discriminatedUnion('channel', [
    z.strictObject({ channel: z.literal('app_push'), token: pushToken, allowed }),
    z.strictObject({ channel: z.literal('web_push'), subscription: pushSubscription(services), allowed }),
  ]);
}

export const devicesInput = z
  .strictObject({ items: z.array(deviceInput(knownPushServices)).min(1).max(10) })
  .meta({ id: 'DevicesInput' });

export const deviceResults = z
  .object({
    items: z.array(
      z.object({
        index: z.int().meta({ description: 'Place in `items`' }),
        status: z.enum(['stored', 'refused']),
        errors: z.array(fieldError).optional(),
      }),
    ),
  })
  .meta({ id: 'DeviceResults' });

export const deviceList = z
  .object({
    items: z.array(z.object({ channel, userAgent: orNull(z.string()), createdAt: instant, seenAt: instant })),
    next: z.null(),
  })
  .meta({ id: 'DeviceList' });
