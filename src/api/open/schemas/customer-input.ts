import { z } from 'zod';
import { profileKinds } from '#domain/journey.ts';
import { cardNumber, emailAddress } from '#domain/segment.ts';
import { fieldError } from './common.ts';

const id = z.string().trim().min(1).max(255).optional();

export const customerInput = z
  .strictObject({
    userId: id.meta({ description: "The shop's id of the login: this, or one of the four below" }),
    anonymousId: id,
    email: z
      .string()
      .max(254)
      .refine((text) => emailAddress(text) !== null, 'must be an e-mail address')
      .optional(),
    phone: z
      .string()
      .max(40)
      .optional()
      .meta({ description: "As people write it; without a country it is the shop's" }),
    card: z
      .string()
      .max(80)
      .refine((text) => cardNumber(text) !== null, 'must be the number of a loyalty card')
      .optional()
      .meta({ description: 'Of a loyalty card: whoever buys with it is this customer' }),
    profile: z.enum(profileKinds).optional().meta({ description: 'Whose address it is; personal, if left out' }),
    traits: z
      .record(z.string().max(200), z.unknown())
      .refine((traits) => !('email' in traits || 'phone' in traits), 'addresses stand beside traits')
      .optional()
      .meta({ description: 'What is left out stays as it is; `firstName`, `locale`, `timezone`, `region` are used' }),
  })
  .refine(
    ({ userId, anonymousId, email, phone, card }) =>
      [userId, anonymousId, email, phone, card].some((one) => one !== undefined),
    { path: ['userId'], message: 'or another id of the customer is needed' },
  )
  .meta({ id: 'CustomerInput' });

export const customersInput = z
  .strictObject({ items: z.array(customerInput).min(1).max(1000) })
  .meta({ id: 'CustomersInput' });

export const customerResults = z
  .object({
    items: z.array(
      z.object({
        index: z.int().meta({ description: 'Place in `items`' }),
        userId: z.string().nullable(),
        status: z.enum(['stored', 'refused']),
        errors: z.array(fieldError).optional(),
      }),
    ),
  })
  .meta({ id: 'CustomerResults' });
