import { z } from 'zod';
import { durationMs } from '#domain/duration.ts';
import { channelNames, profileKinds } from '#domain/journey.ts';
import { emailAddress } from '#domain/segment.ts';
import { locales } from '#domain/shop.ts';
import { duration, ownCascade } from '#workflows/settings-schemas.ts';
import { instant, uuid } from './common.ts';

/** Characters of JSON. */
const mostData = 60_000;
const longestValidForMs = 30 * 86_400_000;

export const templateName = z
  .string()
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'must be words of a–z and 0–9 with hyphens, such as order-shipped')
  .max(60);

export const sendInput = z
  .strictObject({
    customerId: uuid.optional().meta({ description: 'Who gets it: this, or one of the three below' }),
    userId: z.string().trim().min(1).max(255).optional(),
    email: z
      .string()
      .max(254)
      .refine((text) => emailAddress(text) !== null, 'must be an e-mail address')
      .optional()
      .meta({ description: 'Goes to this very address; nobody known by it becomes a customer, without any consent' }),
    phone: z.string().max(40).optional().meta({ description: 'As people write it; goes to this very number' }),
    profile: z.enum(profileKinds).default('personal').meta({ description: 'Whose address counts where none is given' }),
    template: templateName.meta({ description: "One of `GET /templates`: the shop's own, or ours" }),
    channel: z.enum(channelNames).optional().meta({
      description: 'Left out: the first of the shop’s channels that the template has a text for and that reaches them',
    }),
    cascade: ownCascade.meta({ description: 'Several channels, one after another, in place of `channel`' }),
    locale: z.enum(locales).optional().meta({ description: 'Else the customer’s' }),
    data: z.record(z.string().max(100), z.unknown()).default({}).meta({ description: 'The variables of the template' }),
    kind: z.literal('service').default('service').meta({
      description: 'Needs an address and no consent, asks no contact policy, goes at any hour: no advertising this way',
    }),
    validFor: duration
      .default('P1D')
      .meta({ description: 'What cannot go within this time is dropped; 30 days at most' }),
  })
  .refine(({ customerId, userId, email, phone }) => [customerId, userId, email, phone].filter(Boolean).length === 1, {
    path: ['customerId'],
    message: 'or userId, email or phone: exactly one says who gets it',
  })
  .refine(({ channel, cascade }) => channel === undefined || cascade === undefined, {
    path: ['cascade'],
    message: 'or channel: not both',
  })
  .refine(({ data }) => JSON.stringify(data).length <= mostData, { path: ['data'], message: 'is larger than 60 KB' })
  .refine(({ validFor }) => within(validFor), { path: ['validFor'], message: 'must be from a minute to 30 days' })
  .meta({ id: 'MessageInput' });

function within(text: string): boolean {
  const ms = durationMs(text);
  return ms >= 60_000 && ms <= longestValidForMs;
}

export const sendHeaders = z.object({
  'Idempotency-Key': z.string().min(1).max(255).optional().meta({
    description: 'The same call again under the same key, within two weeks, sends nothing and gets the same answer',
  }),
});

export const sendAnswer = z
  .object({
    id: uuid.meta({ description: 'Of the message: `GET /messages/{id}`' }),
    customerId: uuid,
    template: z.string(),
    channels: z.array(z.enum(channelNames)).meta({ description: 'One after another, as far as is needed' }),
    requestedAt: instant,
    workflowId: z.string().meta({ description: 'Of its run, as Temporal UI has it' }),
  })
  .meta({ id: 'MessageTaken' });
