import { z } from 'zod';
import { profileKinds } from '#domain/journey.ts';
import { emailAddress } from '#domain/segment.ts';
import { fieldError } from './common.ts';

const id = z.string().trim().min(1).max(255).optional();

export const customerInput = z
  .strictObject({
    userId: id.meta({ description: "The shop's id of the login; this or `anonymousId`" }),
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
    profile: z.enum(profileKinds).optional().meta({ description: 'Whose address it is; personal, if left out' }),
    traits: z
      .record(z.string().max(200), z.unknown())
      .refine((traits) => !('email' in traits || 'phone' in traits), 'addresses stand beside traits')
      .optional()
      .meta({ description: 'What is left out stays as it is; `firstName`, `locale`, `timezone`, `region` are used' }),
  })
  .refine((given) => given.userId !== undefined || given.anonymousId !== undefined, {
    path: ['userId'],
    message: 'is needed where there is no anonymousId',
  })
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
