import type Handlebars from 'handlebars';
import type { MessageContent } from '#domain/content.ts';
import { smsText } from '#domain/sms.ts';
import { dataFor, type Fill, type Make, oneLine, prepare, tidy } from '#rendering/filling.ts';
import type { TemplateData } from '#rendering/helpers.ts';
import { webUrl } from '#rendering/links.ts';
import type { Rendered, RenderInput } from '#rendering/model.ts';
import type { CompiledPush, CompiledShort, CompiledText } from './compile.ts';
import { overLimit } from './limits.ts';
import { nameLengths, withNames } from './names.ts';
import { valueAt } from './paths.ts';

type Part = (input: RenderInput, data: TemplateData) => MessageContent;

/** Fills a short message; where it is too long for its channel, names of goods are cut, ever shorter, and never a link.
 *  Throws an Error that names the template where even that does not do. */
export function prepareShort(own: typeof Handlebars, template: CompiledShort, where: string): Make {
  const part = template.form === 'push' ? pushPart(own, template) : textPart(own, template);
  const segments = template.form === 'text' ? template.segments : 0;
  return (input) => {
    let fault: string | null = null;
    for (const most of nameLengths) {
      const made = fill(part, { ...input, model: withNames(input.model, most) });
      fault = empty(made.content) ?? overLimit(made.content, input.channel, segments);
      if (fault === null) return made;
    }
    throw new Error(
      `${where}: ${fault}, even with names cut to ${nameLengths.at(-1)} characters: say it in fewer words`,
    );
  };
}

function fill(part: Part, input: RenderInput): Rendered {
  const data = dataFor(input);
  return { content: part(input, data), links: data.links.targets, unsubscribeUrl: data.unsubscribeUrl };
}

function textPart(own: typeof Handlebars, template: CompiledText): Part {
  const text = prepare(own, template.text, true);
  const label = template.button && prepare(own, template.button.label, true);
  const { name = '' } = template.approved ?? {};
  const parameters = template.approved?.parameters.map((one) => prepare(own, one, true));
  return (input, data) => ({
    form: 'text',
    text: plain(tidy(text(input, data)), input.channel),
    button: label && { label: oneLine(label(input, data)), url: tracked(input, data, template.button?.url ?? []) },
    imageUrl: image(input, template.image),
    approved:
      parameters === undefined ? null : { name, parameters: parameters.map((one) => parameter(one, input, data)) },
  });
}

function pushPart(own: typeof Handlebars, template: CompiledPush): Part {
  const title = prepare(own, template.title, true);
  const body = prepare(own, template.body, true);
  return (input, data) => ({
    form: 'push',
    title: oneLine(title(input, data)),
    body: oneLine(body(input, data)),
    url: tracked(input, data, template.url),
    imageUrl: image(input, template.image),
  });
}

function plain(text: string, channel: RenderInput['channel']): string {
  return channel === 'sms' ? smsText(text) : text;
}

/** Meta refuses line breaks, tabs and rows of spaces in a parameter. */
function parameter(fillIn: Fill, input: RenderInput, data: TemplateData): string {
  return fillIn(input, data).replace(/\s+/gu, ' ').trim();
}

function tracked({ model }: RenderInput, data: TemplateData, paths: string[]): string {
  const target = valueAt(model, paths);
  if (target === null) throw new Error(`the model has nothing at ${paths.join(' or ')}, where the link should lead`);
  return data.links.track(target);
}

/** Providers fetch it: what is no web address would fail the whole message. */
function image({ model }: RenderInput, paths: string[]): string | null {
  return webUrl(valueAt(model, paths) ?? '')?.href ?? null;
}

/** Providers refuse what says nothing. */
function empty(content: MessageContent): string | null {
  if (content.form === 'push')
    return content.title === '' || content.body === '' ? 'the title or the text is empty' : null;
  if (content.form === 'letter') return null;
  const { text, approved, button } = content;
  if (text === '' || button?.label === '') return 'the text or the label of its button is empty';
  return approved?.parameters.includes('') ? 'a parameter of its approved message is empty' : null;
}
