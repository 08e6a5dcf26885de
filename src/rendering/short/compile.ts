import { parse as parseYaml } from 'yaml';
import { channelFacts } from '#domain/channels.ts';
import type { ChannelName } from '#domain/journey.ts';
import { splitFrontMatter } from '#rendering/front-matter.ts';
import { limits, overLimit } from './limits.ts';
import { isPath } from './paths.ts';
import { staticText, untracked } from './text.ts';

/** A short message before its model. Texts are Handlebars sources; `url` and `image` are paths into the model, the first
 *  of which that has something is taken. */
export type CompiledShort = CompiledText | CompiledPush;

export interface CompiledText {
  form: 'text';
  text: string;
  button: { label: string; url: string[] } | null;
  image: string[];
  approved: { name: string; parameters: string[] } | null;
  /** As many as an SMS may take. */
  segments: number;
}

export interface CompiledPush {
  form: 'push';
  title: string;
  body: string;
  url: string[];
  image: string[];
}

const known: Record<Exclude<ChannelName, 'email'>, readonly string[]> = {
  telegram: ['button', 'url', 'image'],
  sms: ['segments'],
  viber: ['button', 'url', 'image'],
  whatsapp: ['button', 'url', 'image', 'approved'],
  web_push: ['title', 'url', 'image'],
  app_push: ['title', 'url', 'image'],
};

/** Reads a template of any channel but e-mail. Throws an Error that names the file, what is wrong and what to do, also where
 *  the words that always stand in it are too many for the channel. */
export function compileShort(source: string, channel: Exclude<ChannelName, 'email'>, where: string): CompiledShort {
  const { front, body } = splitFrontMatter(source, where, parseYaml);
  const strange = Object.keys(front).find((name) => !known[channel].includes(name));
  if (strange !== undefined)
    throw new Error(
      `${where}: the front matter has "${strange}"; for ${channel} it may have ${known[channel].join(', ')}`,
    );
  const read = new Reader(front, where);
  const template = channelFacts[channel].form === 'push' ? push(read, body) : text(read, body, channel);
  const fault =
    sources(template).map(untracked).find(Boolean) ?? overLimit(bare(template), channel, segmentsOf(template));
  if (fault) throw new Error(`${where}: ${fault}`);
  return template;
}

function push(read: Reader, body: string): CompiledPush {
  return { form: 'push', title: read.text('title'), body, url: read.paths('url'), image: read.optionalPaths('image') };
}

function text(read: Reader, body: string, channel: ChannelName): CompiledText {
  const { button, url } = read.front;
  if ((button === undefined) !== (url === undefined)) read.fail('a button has both: `button`, its label, and `url`');
  return {
    form: 'text',
    text: body,
    button: button === undefined ? null : { label: read.text('button'), url: read.paths('url') },
    image: read.optionalPaths('image'),
    approved: channel === 'whatsapp' ? read.approved() : null,
    segments: read.segments(),
  };
}

/** The front matter, field by field. */
class Reader {
  readonly front: Readonly<Record<string, unknown>>;
  readonly #where: string;

  constructor(front: Readonly<Record<string, unknown>>, where: string) {
    this.front = front;
    this.#where = where;
  }

  fail(what: string): never {
    throw new Error(`${this.#where}: ${what}`);
  }

  text(name: string): string {
    const value = this.front[name];
    if (typeof value !== 'string' || value.trim() === '')
      this.fail(`give it a \`${name}\` in the front matter (--- lines)`);
    return value;
  }

  paths(name: string): string[] {
    const value = this.front[name];
    const paths = Array.isArray(value) ? value : [value];
    const isGood = (one: unknown): one is string => typeof one === 'string' && isPath(one);
    if (paths.length === 0 || !paths.every(isGood))
      this.fail(
        `\`${name}\` in the front matter must be a path into the model such as cartUrl or goods.[0].url, or a list of them`,
      );
    return paths;
  }

  optionalPaths(name: string): string[] {
    return this.front[name] === undefined ? [] : this.paths(name);
  }

  segments(): number {
    const value = this.front.segments ?? limits.sms.segments;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 10)
      this.fail('`segments` must be a whole number from 1 to 10');
    return value;
  }

  approved(): { name: string; parameters: string[] } {
    const { name, parameters = [] } = (this.front.approved ?? {}) as { name?: unknown; parameters?: unknown };
    if (typeof name !== 'string' || !/^[a-z0-9_]{1,512}$/.test(name))
      this.fail('WhatsApp takes only approved messages: give it `approved: {name: cart_reminder, parameters: [...]}`');
    if (!Array.isArray(parameters) || !parameters.every((one) => typeof one === 'string'))
      this.fail('`parameters` of `approved` must be a list of texts such as "{{short goods.[0].name 60}}"');
    return { name, parameters };
  }
}

function sources(template: CompiledShort): string[] {
  if (template.form === 'push') return [template.title, template.body];
  return [template.text, template.button?.label ?? '', ...(template.approved?.parameters ?? [])];
}

function segmentsOf(template: CompiledShort): number {
  return template.form === 'text' ? template.segments : 0;
}

/** The message as it would be if all variables were empty. */
function bare(template: CompiledShort) {
  const imageUrl = template.image.length > 0 ? 'an image' : null;
  if (template.form === 'push') {
    const [title, body] = [staticText(template.title), staticText(template.body).trim()];
    return { form: 'push', title, body, url: '', imageUrl } as const;
  }
  const { button, approved } = template;
  return {
    form: 'text',
    text: staticText(template.text).trim(),
    button: button && { label: staticText(button.label), url: '' },
    imageUrl,
    approved: approved && { name: approved.name, parameters: approved.parameters.map(staticText) },
  } as const;
}
