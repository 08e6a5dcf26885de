import Handlebars, { type HelperDelegate } from 'handlebars';
import { helpers, type TemplateData } from './helpers.ts';
import { Links, trackedHrefs } from './links.ts';
import type { Rendered, RenderInput } from './model.ts';
import type { Sources } from './sources.ts';
import { words } from './words.ts';

/** A template that is ready to be filled. */
export type Make = (input: RenderInput) => Rendered;

/** One part of a template. */
export type Fill = (input: RenderInput, data: TemplateData) => string;

/** A name that the model does not have is an error, not an empty space in a letter. */
const strict = {
  strict: true,
  knownHelpersOnly: true,
  knownHelpers: Object.fromEntries(Object.keys(helpers).map((name) => [name, true])),
};

/** HTML and text have partials of the same names, so that one template serves both. */
export function environment(sources: Sources, part: 'html' | 'text'): typeof Handlebars {
  const own = Handlebars.create();
  for (const [name, helper] of Object.entries({ ...own.helpers, ...helpers }))
    own.registerHelper(name, demanding(name, helper));
  for (const [file, source] of Object.entries(sources.layout)) {
    const [name, of, ending] = file.split('.');
    if (name && of === part && ending === 'hbs') own.registerPartial(name, trackedHrefs(source, `layout/${file}`));
  }
  return own;
}

/** Handlebars' strict mode does not look at what helpers are given, `#if` and `#each` among them. */
function demanding(name: string, helper: HelperDelegate): HelperDelegate {
  return function (this: unknown, ...values) {
    if (values.includes(undefined)) throw new Error(`{{${name} …}} is given something that the model does not have`);
    return helper.apply(this, values as Parameters<HelperDelegate>);
  };
}

export function prepare(own: typeof Handlebars, source: string, noEscape: boolean): Fill {
  const template = own.compile(source, { ...strict, noEscape });
  return (input, data) => template(input.model, { data });
}

/** What templates reach beside their model, with the links of this one message. */
export function dataFor(input: RenderInput): TemplateData {
  const links = new Links(input);
  return {
    locale: input.locale,
    zone: input.model.shop.zone,
    words: words[input.locale],
    links,
    openUrl: links.open,
    unsubscribeUrl: links.unsubscribe,
    isService: input.kind === 'service' && input.model.more.length === 0,
    confirmUrl: links.confirm,
  };
}

/** Without the empty lines and spaces that conditions leave behind. */
export function tidy(text: string): string {
  return text
    .replace(/[ \t]+\n/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** A header or a title is one line: whatever a product's name holds must not begin another. */
export function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
}
