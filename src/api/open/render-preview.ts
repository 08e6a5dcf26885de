import { type FieldError, Problem } from '#api/problems.ts';
import type { OwnTemplate, TemplateText } from '#db/templates.ts';
import type { ChannelName } from '#domain/journey.ts';
import type { Locale, ShopSettings } from '#domain/shop.ts';
import { exampleOf } from '#domain/template-variables.ts';
import type { Rendered, Renderer, RenderInput } from '#rendering/model.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { dataFor } from './schemas/template-data.ts';
import type { KnownTemplate } from './templates-known.ts';
import { fieldError, fieldErrors } from './validate.ts';

let renderer: Promise<Renderer> | undefined;

/** Made when it is first needed: a gateway that takes events does without. */
function theRenderer(): Promise<Renderer> {
  renderer ??= createRenderer();
  return renderer;
}

/** What is wrong with the texts of a template, each tried with all examples and with as few as may be given. */
export async function tryTexts(
  { name, variables, texts }: Pick<OwnTemplate, 'name' | 'variables' | 'texts'>,
  shop: ShopSettings,
): Promise<FieldError[]> {
  const schema = dataFor(variables);
  const examples = schema.safeParse(exampleOf(variables));
  if (!examples.success)
    return fieldErrors(examples.error, true, ['variables']).map(({ message, ...rest }) => ({
      ...rest,
      message: `the examples do not fit: ${message}`,
    }));
  const least = schema.safeParse(exampleOf(variables, 'required'));
  const faults = await Promise.all(
    texts.map((text, index) =>
      faultOf({ name, text, all: [examples.data, ...(least.success ? [least.data] : [])] }, shop).then((fault) =>
        fault === null ? [] : [fieldError(['texts', index, 'source'], fault, true)],
      ),
    ),
  );
  return faults.flat();
}

interface Trial {
  name: string;
  text: TemplateText;
  /** `data` to try it with. */
  all: Record<string, unknown>[];
}

async function faultOf({ name, text, all }: Trial, shop: ShopSettings): Promise<string | null> {
  if (/\{\{\{|\{\{~?&/.test(text.source)) return `${name}: write {{…}}: what is filled in must be escaped`;
  try {
    const { own } = await theRenderer();
    const render = await own([{ ...text, id: null, template: name }]);
    for (const data of all)
      for (const firstName of ['Anna', null]) render(inputOf({ ...text, name, data, firstName }, shop));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface Wanted {
  channel: ChannelName;
  locale?: Locale | undefined;
  data?: Record<string, unknown> | undefined;
  firstName?: string | null | undefined;
}

/** A template as its channel would get it. `texts`: of the shop's own; null: it is ours. */
export async function rendered(
  template: KnownTemplate,
  texts: TemplateText[] | null,
  { channel, data, firstName = null, ...wanted }: Wanted,
  shop: ShopSettings,
): Promise<Pick<Rendered, 'content' | 'links'>> {
  const locale = wanted.locale ?? shop.locale;
  if (!template.has(channel, locale)) {
    const message = `template ${template.name} has no text for ${channel} in ${locale}`;
    throw new Problem('template_faulty', { detail: `${message}.`, errors: [fieldError(['channel'], message, true)] });
  }
  const { own, render } = await theRenderer();
  const filled = data === undefined ? template.example() : template.read(data);
  const input = inputOf({ name: template.name, channel, locale, data: filled, firstName }, shop);
  const texted = texts?.map((text) => ({ ...text, id: template.id, template: template.name }));
  const made = texted === undefined ? render({ ...input, journey: template.journey }) : (await own(texted))(input);
  return { content: made.content, links: made.links };
}

/** Links of a preview are signed by nobody: they lead nowhere. */
const track = {
  messageId: '00000000-0000-7000-8000-000000000000',
  publicUrl: 'https://preview.invalid',
  secret: 'preview',
};

interface Filling {
  name: string;
  channel: ChannelName;
  locale: Locale;
  data: Record<string, unknown>;
  firstName: string | null;
}

function inputOf({ name, channel, locale, data, firstName }: Filling, shop: ShopSettings): RenderInput {
  const nothing = { goods: [], more: [], category: null, categories: [], promo: null };
  const model = { shop, customer: { firstName }, cartUrl: shop.cartUrl, data, ...nothing };
  return { journey: 'message', message: name, channel, locale, model, track, kind: 'service' };
}
