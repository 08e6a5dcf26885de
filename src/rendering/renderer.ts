import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import Handlebars, { type HelperDelegate } from 'handlebars';
import type { Letter } from '#domain/content.ts';
import type { ChannelName } from '#domain/journey.ts';
import { type CompiledTemplate, compileTemplates } from './compile.ts';
import { helpers, type TemplateData } from './helpers.ts';
import { Links, trackedHrefs } from './links.ts';
import type { MessageModel, Rendered, Renderer, RenderInput } from './model.ts';
import { cacheFile, fingerprint, readSources, type Sources } from './sources.ts';
import { words } from './words.ts';

/** A name that the model does not have is an error, not an empty space in a letter. */
const strict = {
  strict: true,
  knownHelpersOnly: true,
  knownHelpers: Object.fromEntries(Object.keys(helpers).map((name) => [name, true])),
};

type Fill = (input: RenderInput, data: TemplateData) => string;

interface Parts {
  subject: Fill;
  html: Fill;
  text: Fill;
}

/** Loads every journey's templates. Compiled ones are kept on disk until a source changes. */
export async function createRenderer(): Promise<Renderer> {
  const sources = readSources();
  const compiled = await keptOrCompiled(sources);
  const html = environment(sources, 'html');
  const text = environment(sources, 'text');
  const byName = new Map<string, Parts>();
  for (const template of compiled) {
    byName.set(nameOf(template), {
      subject: prepare(text, template.subject, true),
      html: prepare(html, template.html, false),
      text: prepare(text, template.text, true),
    });
  }
  return {
    templates: compiled,
    render: <Channel extends ChannelName>(input: RenderInput<Channel>) =>
      render(partsOf(byName, input), input) as Rendered<Channel>,
  };
}

function render(parts: Parts, given: RenderInput): Rendered<'email'> {
  const input = { ...given, model: { ...given.model, customer: greeted(given.model.customer) } };
  const links = new Links(input);
  const data: TemplateData = {
    locale: input.locale,
    zone: input.model.shop.zone,
    words: words[input.locale],
    links,
    openUrl: links.open,
    unsubscribeUrl: links.unsubscribe,
  };
  const content: Letter = {
    form: 'letter',
    subject: oneLine(parts.subject(input, data)),
    html: parts.html(input, data),
    text: `${parts
      .text(input, data)
      .replace(/[ \t]+\n/g, '\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim()}\n`,
  };
  return { content, links: links.targets };
}

/** Whoever signs up somebody else with an advertisement for a name must not get it delivered by us. */
function greeted({ firstName }: MessageModel['customer']): MessageModel['customer'] {
  const name = firstName?.trim() ?? '';
  return { firstName: /^[\p{L}\p{M}' ’-]{1,40}$/u.test(name) ? name : null };
}

function partsOf(byName: Map<string, Parts>, input: RenderInput): Parts {
  const parts = byName.get(nameOf(input));
  if (!parts)
    throw new Error(`no template ${nameOf(input)}: add src/workflows/${nameOf(input).replace('/', '/messages/')}.mjml`);
  return parts;
}

function nameOf(of: { journey: string; message: string; channel: ChannelName; locale: string }): string {
  return `${of.journey}/${of.message}.${of.channel}.${of.locale}`;
}

/** HTML and text have partials of the same names, so that one template serves both. */
function environment(sources: Sources, part: 'html' | 'text'): typeof Handlebars {
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

function prepare(own: typeof Handlebars, source: string, noEscape: boolean): Fill {
  const template = own.compile(source, { ...strict, noEscape });
  return (input, data) => template(input.model, { data });
}

/** A header is one line: whatever a product's name holds must not begin another. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
}

async function keptOrCompiled(sources: Sources): Promise<CompiledTemplate[]> {
  const key = fingerprint(sources);
  const known = readKept();
  if (known?.key === key) return known.templates;
  const templates = await compileTemplates(sources);
  keep({ key, templates });
  return templates;
}

interface Kept {
  key: string;
  templates: CompiledTemplate[];
}

function readKept(): Kept | null {
  try {
    return JSON.parse(readFileSync(cacheFile, 'utf8')) as Kept;
  } catch {
    return null; // not there, or cut off: it is made again
  }
}

/** Several processes may start at once, and an installation may be read-only: then each compiles for itself. */
function keep(kept: Kept): void {
  const draft = `${cacheFile}.${process.pid}`;
  try {
    mkdirSync(dirname(cacheFile), { recursive: true });
    writeFileSync(draft, JSON.stringify(kept));
    renameSync(draft, cacheFile);
  } catch {
    // The cache only saves time.
  }
}
