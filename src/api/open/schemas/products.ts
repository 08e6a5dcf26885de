import { z } from 'zod';
import { fieldError, instant, instantInput, listOf, money, orNull } from './common.ts';

const text = (most: number) => z.string().trim().min(1).max(most);
const webAddress = z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).max(2000);

const offer = z
  .strictObject({
    region: text(100).default('*').meta({ description: '`*`: every region without an offer of its own' }),
    price: money,
    oldPrice: orNull(money).default(null).meta({ description: 'Higher than the price, in the same currency' }),
    cost: orNull(money)
      .default(null)
      .meta({ description: 'What one costs the shop, in the same currency: profit is counted by it' }),
    stock: z.int().min(0).max(2_147_483_647),
  })
  .refine((offer) => offer.oldPrice === null || offer.oldPrice.currency === offer.price.currency, {
    path: ['oldPrice', 'currency'],
    message: 'must be the currency of the price',
  })
  .refine((offer) => offer.oldPrice === null || offer.oldPrice.amount > offer.price.amount, {
    path: ['oldPrice', 'amount'],
    message: 'must be higher than the price; null where there is no discount',
  })
  .refine((offer) => offer.cost === null || offer.cost.currency === offer.price.currency, {
    path: ['cost', 'currency'],
    message: 'must be the currency of the price',
  })
  .meta({ id: 'Offer' });

const offers = z
  .array(offer)
  .max(200)
  .refine((list) => new Set(list.map((offer) => offer.region)).size === list.length, 'names a region twice');

export const productInput = z
  .strictObject({
    id: text(200).meta({ description: "The shop's id" }),
    sku: orNull(text(200)).default(null),
    name: text(500),
    url: webAddress,
    imageUrl: orNull(webAddress).default(null),
    category: orNull(text(500)).default(null),
    brand: orNull(text(200)).default(null),
    attributes: z
      .record(z.string(), z.unknown())
      .refine((given) => JSON.stringify(given).length <= 20_000, 'must not be longer than 20,000 characters of JSON')
      .default({}),
    publishedAt: instantInput
      .optional()
      .meta({ description: 'Novelties are the newest; left out: as on record, or now' }),
    offers: offers.optional().meta({ description: "All of the product's offers; left out: those on record stay" }),
  })
  .meta({ id: 'ProductInput' });

export const productsInput = z
  .strictObject({ items: z.array(productInput).min(1).max(1000) })
  .meta({ id: 'ProductsInput' });

export const putResult = z
  .object({
    index: z.int().meta({ description: 'Place in `items`' }),
    id: z.string().nullable(),
    status: z.enum(['created', 'updated', 'refused']),
    errors: z.array(fieldError).optional(),
  })
  .meta({ id: 'PutResult' });

export const putResults = z.object({ items: z.array(putResult) }).meta({ id: 'PutResults' });

export const product = z
  .object({
    id: z.string(),
    sku: z.string().nullable(),
    name: z.string(),
    url: z.string(),
    imageUrl: z.string().nullable(),
    category: z.string().nullable(),
    brand: z.string().nullable(),
    attributes: z.record(z.string(), z.unknown()),
    publishedAt: instant,
    updatedAt: instant,
    offers: z.array(
      z.object({
        region: z.string(),
        price: money,
        oldPrice: orNull(money),
        cost: orNull(money),
        stock: z.int(),
        updatedAt: instant,
      }),
    ),
  })
  .meta({ id: 'Product' });

export const productList = listOf(product).meta({ id: 'ProductList' });
