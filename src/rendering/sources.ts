import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ChannelName, channelNames } from '#domain/journey.ts';
import { type Locale, locales } from '#domain/shop.ts';

const root = join(import.meta.dirname, '..', '..');
const journeysDir = join(root, 'src/workflows');
const presetsDir = join(root, 'src/presets');
const layoutDir = join(import.meta.dirname, 'layout');

/** A template as it lies on the disk. */
export interface TemplateSource {
  /** The preset whose wording it is; null: the journey's own. */
  texts: string | null;
  journey: string;
  message: string;
  channel: ChannelName;
  locale: Locale;
  /** From the journeys' folder on (a preset's: from that of presets), for messages about it. */
  file: string;
  text: string;
}

/** Everything that rendering is made from. */
export interface Sources {
  templates: TemplateSource[];
  /** Files of `layout/` by name. */
  layout: Record<string, string>;
}

/** What a template's file says by its name: `<message>.email.<locale>.mjml`, `<message>.<channel>.<locale>.txt` for all other
 *  channels, and `<message>.push.<locale>.txt` for both pushes at once. Null where it is called otherwise. */
export function templateName(file: string): { message: string; channels: ChannelName[]; locale: Locale } | null {
  const [message, channel, locale, type, ...rest] = file.split('.');
  const language = locales.find((known) => known === locale);
  const channels = channelNames.filter((known) => known === channel || (channel === 'push' && known.endsWith('_push')));
  if (!message || !language || channels.length === 0 || rest.length > 0) return null;
  return type === (channel === 'email' ? 'mjml' : 'txt') ? { message, channels, locale: language } : null;
}

/** How a template's file is to be called. */
export const templateNaming = `<message>.email.<${locales.join('|')}>.mjml or <message>.<${[...channelNames.filter((name) => name !== 'email'), 'push'].join('|')}>.<${locales.join('|')}>.txt`;

function readTemplate(texts: string | null, journey: string, dir: string, file: string): TemplateSource[] {
  const name = templateName(file);
  if (name === null) throw new Error(`${join(dir, file)}: name it ${templateNaming}`);
  const { message, channels, locale } = name;
  const text = readFileSync(join(dir, file), 'utf8');
  const where = texts === null ? `${journey}/messages/${file}` : `${texts}/messages/${journey}/${file}`;
  return channels.map((channel) => ({ texts, journey, message, channel, locale, file: where, text }));
}

function readFolder(texts: string | null, journey: string, dir: string): TemplateSource[] {
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir).filter((file) => /\.(mjml|txt)$/.test(file));
  return files.sort().flatMap((file) => readTemplate(texts, journey, dir, file));
}

/** Presets that word messages in their own way: folders `src/presets/<name>/messages/<journey>`. */
export const textSets: readonly string[] = readdirSync(presetsDir).filter((name) =>
  existsSync(join(presetsDir, name, 'messages')),
);

function readTexts(name: string): TemplateSource[] {
  const dir = join(presetsDir, name, 'messages');
  return readdirSync(dir).flatMap((journey) => readFolder(name, journey, join(dir, journey)));
}

export function readSources(): Sources {
  const journeys = readdirSync(journeysDir).flatMap((journey) =>
    readFolder(null, journey, join(journeysDir, journey, 'messages')),
  );
  const templates = [...journeys, ...textSets.flatMap(readTexts)];
  const layout = Object.fromEntries(
    readdirSync(layoutDir)
      .sort()
      .map((file) => [file, readFileSync(join(layoutDir, file), 'utf8')]),
  );
  return { templates, layout };
}

/** Changes whenever anything that compiled templates depend on does: sources, the compiler here, its libraries. */
export function fingerprint(sources: Sources): string {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });
  const compiler = files
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'));
  const lock = ['mjml', 'html-to-text'].map((name) =>
    readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'),
  );
  return createHash('sha256')
    .update(JSON.stringify([sources, compiler, lock]))
    .digest('hex');
}

/** Where compiled templates are kept between starts. */
export const cacheFile = join(root, 'node_modules/.cache/vestnik/templates.json');
