import type { ApiDeps } from '#api/deps.ts';
import { Problem } from '#api/problems.ts';
import { findTemplate, type OwnTemplate } from '#db/templates.ts';
import type { ChannelName } from '#domain/journey.ts';
import type { Locale } from '#domain/shop.ts';
import { exampleOf, type Variables } from '#domain/template-variables.ts';
import { type OurTemplate, ourTemplates } from '#workflows/variables.ts';
import { dataFor } from './schemas/template-data.ts';
import { fieldErrors } from './validate.ts';

/** A template that may be sent, whoever has written it. */
export interface KnownTemplate {
  name: string;
  /** In whose folder its texts lie. */
  journey: string;
  /** Of the version of the shop's own; null: it is ours. */
  id: string | null;
  variables: Variables;
  has(channel: ChannelName, locale: Locale): boolean;
  /** `data` as the texts are filled with it; a problem that names what is missing, unknown or wrong. */
  read(data: Record<string, unknown>): Record<string, unknown>;
  example(only?: 'all' | 'required'): Record<string, unknown>;
}

/** The shop's own goes before ours of the same name. */
export async function templateNamed({ db }: Pick<ApiDeps, 'db'>, name: string): Promise<KnownTemplate> {
  const own = await findTemplate(db, name);
  const ours = ourTemplates.get(name);
  if (own === null && ours === undefined) throw new Problem('template_not_found');
  return own === null ? knownOurs(ours as OurTemplate) : knownOwn(own);
}

function knownOurs({ name, journey, variables, channels }: OurTemplate): KnownTemplate {
  return { name, journey, id: null, has: (channel) => channels.includes(channel), ...dataOf(variables) };
}

function knownOwn({ id, name, texts, variables }: OwnTemplate): KnownTemplate {
  const has = (channel: ChannelName, locale: Locale) =>
    texts.some((text) => text.channel === channel && text.locale === locale);
  return { name, journey: 'message', id, has, ...dataOf(variables) };
}

/** Whoever forgets a variable is told just that; what else is wrong is told as zod does. */
function missing({ code, input }: { code?: string | undefined; input?: unknown }): string | undefined {
  return code === 'invalid_type' && input === undefined ? 'is missing' : undefined;
}

function dataOf(variables: Variables): Pick<KnownTemplate, 'variables' | 'read' | 'example'> {
  return {
    variables,
    read(data) {
      const parsed = dataFor(variables).safeParse(data, { error: missing });
      if (parsed.success) return parsed.data;
      const errors = fieldErrors(parsed.error, true, ['data']);
      const detail = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
      throw new Problem('template_data', { detail: `${detail}.`, errors });
    },
    example: (only) => dataFor(variables).parse(exampleOf(variables, only)),
  };
}
