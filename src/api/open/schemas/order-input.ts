import { z } from 'zod';
import { profileKinds } from '#domain/journey.ts';
import { orderSteps } from '#domain/order-state.ts';
import { longestCode } from '#domain/promo.ts';
import { cardNumber, emailAddress } from '#domain/segment.ts';
import { fieldError, instantInput, money } from './common.ts';

const id = z.string().trim().min(1).max(255).optional();
const reference = z.string().trim().min(1).max(200);
const told = z.string().trim().min(1).max(300);
const webAddress = z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).max(2000);

const line = z.strictObject({
  productId: reference,
  quantity: z.int().min(1).max(1_000_000),
  price: money,
  cost: money
    .optional()
    .meta({ description: 'What one cost the shop; left out: as the catalogue has it when the order comes' }),
  oldPrice: money.optional().meta({ description: 'What its price was reduced from; left out: likewise' }),
  name: told.optional().meta({ description: 'For letters, where the catalogue does not have it' }),
});

const isIn =
  (currency: string | undefined) =>
  ({ price, cost = price, oldPrice = price }: z.output<typeof line>) =>
    [price, cost, oldPrice].every((amount) => amount.currency === currency);

export const orderInput = z
  .strictObject({
    orderId: reference.meta({ description: "The shop's id: one order, whatever way it is told of" }),
    state: z.enum(orderSteps).default('placed').meta({
      description:
        'Only goes forward. `shipped`, `ready` (for pick-up) and `delivered` change nothing of the order: its buyer is told',
    }),
    userId: id.meta({ description: 'Who ordered: this, or one of the four below' }),
    anonymousId: id,
    email: z
      .string()
      .max(254)
      .refine((text) => emailAddress(text) !== null, 'must be an e-mail address')
      .optional(),
    phone: z.string().max(40).optional().meta({ description: 'As people write it' }),
    card: z
      .string()
      .max(80)
      .refine((text) => cardNumber(text) !== null, 'must be the number of a loyalty card')
      .optional()
      .meta({ description: 'Of a loyalty card' }),
    profile: z.enum(profileKinds).optional().meta({ description: 'Personal, if left out' }),
    at: instantInput.optional().meta({ description: 'When it came to this state; now, if left out' }),
    total: money.optional().meta({ description: 'The sum of its lines, if left out' }),
    lines: z.array(line).max(500).default([]),
    number: told.optional().meta({ description: 'As the buyer knows it; the id, if left out' }),
    url: webAddress.optional().meta({ description: 'Its page' }),
    discount: money.optional(),
    delivery: z
      .strictObject({ method: told, address: told, price: money, date: told })
      .partial()
      .optional()
      .meta({ description: 'As letters tell it' }),
    tracking: z.strictObject({ number: told, url: webAddress, carrier: told }).partial().optional(),
    pickup: z.strictObject({ address: told, until: told }).partial().optional(),
    refund: money.optional().meta({ description: 'What went back' }),
    codes: z.array(z.string().trim().min(1).max(longestCode)).max(20).default([]).meta({ description: 'Promo codes' }),
  })
  .refine(
    ({ userId, anonymousId, email, phone, card }) =>
      [userId, anonymousId, email, phone, card].some((one) => one !== undefined),
    {
      path: ['userId'],
      message: 'or another id of who ordered is needed',
    },
  )
  .refine(({ total, lines }) => lines.every(isIn((total ?? lines[0]?.price)?.currency)), {
    path: ['lines'],
    message: 'must be in the currency of the total',
  })
  .meta({ id: 'OrderInput' });

export const ordersInput = z.strictObject({ items: z.array(orderInput).min(1).max(1000) }).meta({ id: 'OrdersInput' });

export const orderResults = z
  .object({
    items: z.array(
      z.object({
        index: z.int().meta({ description: 'Place in `items`' }),
        orderId: z.string().nullable(),
        status: z.enum(['stored', 'refused']),
        errors: z.array(fieldError).optional(),
      }),
    ),
  })
  .meta({ id: 'OrderResults' });
