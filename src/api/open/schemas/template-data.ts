import { z } from 'zod';
import { filled, type Variable, type Variables } from '#domain/template-variables.ts';
import { instantInput, money } from './common.ts';

const text = z.string().max(5000);
const webAddress = z
  .url({
    protocol: /^https?$/,
    error: ({ input }) => (input === undefined ? 'is missing' : 'must be an http or https address'),
  })
  .max(2000);

/** Goods as letters show them; what is left out is not shown. */
const goods = z
  .array(
    z.strictObject({
      id: z.string().max(200).default(''),
      name: z.string().min(1).max(500),
      url: webAddress,
      imageUrl: webAddress.nullable().default(null),
      price: money,
      oldPrice: money.nullable().default(null),
      quantity: z.int().min(1).max(1_000_000).default(1),
    }),
  )
  .max(500);

/** `data` for these variables: those that are missing or unknown are named, and what may be left out is null. */
export function dataFor(variables: Variables): z.ZodType<Record<string, unknown>> {
  return shapeOf(variables).transform((data) => filled(variables, data));
}

function shapeOf(variables: Variables) {
  return z.strictObject(Object.fromEntries(Object.entries(variables).map(([name, one]) => [name, schemaOf(one)])));
}

function schemaOf(variable: Variable): z.ZodType {
  const schema = bySort(variable);
  return variable.optional ? schema.nullish() : schema;
}

function bySort({ type, fields }: Variable): z.ZodType {
  switch (type) {
    case 'text':
      return text.min(1);
    case 'number':
      return z.number();
    case 'boolean':
      return z.boolean();
    case 'url':
      return webAddress;
    case 'time':
      return instantInput.transform((at) => at.toISOString());
    case 'money':
      return money;
    case 'goods':
      return goods;
    case 'list':
      return z.array(fields ? shapeOf(fields) : z.union([text, z.number()])).max(500);
    case 'object':
      return fields ? shapeOf(fields) : z.record(text, z.unknown());
  }
}
