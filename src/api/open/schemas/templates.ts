import { z } from 'zod';
import { channelNames } from '#domain/journey.ts';
import { locales } from '#domain/shop.ts';
import { variableTypes } from '#domain/template-variables.ts';
import { instant, listOf, orNull, uuid } from './common.ts';

/** Characters. */
const mostSource = 100_000;

const variableName = z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]{0,59}$/, 'must be a name of letters, digits and _');

const plainVariable = z.strictObject({
  type: z.enum(variableTypes),
  optional: z.boolean().optional().meta({ description: 'Left out of `data`, it is null in the text' }),
  description: z.string().max(300).optional(),
  example: z.unknown().meta({ description: 'What previews show; texts are tried with it before they are taken' }),
});

export const variables = z
  .record(
    variableName,
    plainVariable.extend({
      fields: z
        .record(variableName, plainVariable)
        .optional()
        .meta({ description: 'Of an object, or of each item of a list' }),
    }),
  )
  .meta({ id: 'TemplateVariables' });

export const text = z.strictObject({
  channel: z.enum(channelNames),
  locale: z.enum(locales),
  source: z
    .string()
    .min(1)
    .max(mostSource)
    .meta({ description: 'MJML and Handlebars for e-mail, else text: docs/letters.md' }),
});

export const templateInput = z
  .strictObject({
    variables: variables.default({}),
    texts: z
      .array(text)
      .min(1)
      .max(channelNames.length * locales.length)
      .refine((texts) => new Set(texts.map(({ channel, locale }) => `${channel} ${locale}`)).size === texts.length, {
        message: 'each channel and locale once',
      }),
  })
  .meta({ id: 'TemplateInput' });

export const template = z
  .object({
    name: z.string(),
    version: z.int().meta({ description: '0: it is ours' }),
    id: orNull(uuid),
    author: orNull(z.string()),
    createdAt: orNull(instant),
    variables: z.record(z.string(), z.unknown()),
    texts: z.array(z.object({ channel: z.enum(channelNames), locale: z.enum(locales), source: orNull(z.string()) })),
  })
  .meta({ id: 'Template' });

export const templateList = listOf(
  template.omit({ texts: true }).extend({ channels: z.array(z.enum(channelNames)) }),
).meta({
  id: 'TemplateList',
});

export const previewInput = z
  .strictObject({
    channel: z.enum(channelNames).default('email'),
    locale: z.enum(locales).optional().meta({ description: 'The shop’s, if left out' }),
    data: z
      .record(z.string().max(100), z.unknown())
      .optional()
      .meta({ description: 'The examples of its variables, if left out' }),
    firstName: z.string().max(100).optional(),
  })
  .meta({ id: 'PreviewInput' });

const link = orNull(z.object({ label: z.string(), url: z.string() }));

/** A message as its channel gets it. */
export const preview = z
  .object({
    content: z.union([
      z.object({ form: z.literal('letter'), subject: z.string(), html: z.string(), text: z.string() }),
      z.object({
        form: z.literal('text'),
        text: z.string(),
        button: link,
        imageUrl: orNull(z.string()),
        approved: orNull(z.object({ name: z.string(), parameters: z.array(z.string()) })),
      }),
      z.object({
        form: z.literal('push'),
        title: z.string(),
        body: z.string(),
        url: z.string(),
        imageUrl: orNull(z.string()),
      }),
    ]),
    links: z.array(z.string()).meta({ description: 'Where its counted links lead' }),
  })
  .meta({ id: 'Preview' });
