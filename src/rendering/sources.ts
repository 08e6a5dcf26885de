import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ChannelName, channelNames } from '#domain/journey.ts';
import { type Locale, locales } from '#domain/shop.ts';

const root = join(import.meta.dirname, '..', '..');
const journeysDir = join(root, 'src/workflows');
const layoutDir = join(import.meta.dirname, 'layout');

/** A template as it lies on the disk: `src/workflows/<journey>/messages/<message>.<channel>.<locale>.mjml`. */
export interface TemplateSource {
  journey: string;
  message: string;
  channel: ChannelName;
  locale: Locale;
  text: string;
}

/** Everything that rendering is made from. */
export interface Sources {
  templates: TemplateSource[];
  /** Files of `layout/` by name. */
  layout: Record<string, string>;
}

function readTemplate(journey: string, dir: string, file: string): TemplateSource {
  const [message, channel, locale] = file.split('.');
  const name = channelNames.find((known) => known === channel);
  const language = locales.find((known) => known === locale);
  if (!message || !name || !language) {
    throw new Error(
      `${join(dir, file)}: name it <message>.<channel>.<locale>.mjml, with a channel and locale that exist`,
    );
  }
  return { journey, message, channel: name, locale: language, text: readFileSync(join(dir, file), 'utf8') };
}

export function readSources(): Sources {
  const templates = readdirSync(journeysDir).flatMap((journey) => {
    const dir = join(journeysDir, journey, 'messages');
    if (!existsSync(dir)) return [];
    const files = readdirSync(dir).filter((file) => file.endsWith('.mjml'));
    return files.sort().map((file) => readTemplate(journey, dir, file));
  });
  const layout = Object.fromEntries(
    readdirSync(layoutDir)
      .sort()
      .map((file) => [file, readFileSync(join(layoutDir, file), 'utf8')]),
  );
  return { templates, layout };
}

/** Changes whenever anything that compiled templates depend on does: sources, the compiler here, its libraries. */
export function fingerprint(sources: Sources): string {
  const compiler = readFileSync(join(import.meta.dirname, 'compile.ts'), 'utf8');
  const lock = ['mjml', 'html-to-text'].map((name) =>
    readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'),
  );
  return createHash('sha256')
    .update(JSON.stringify([sources, compiler, lock]))
    .digest('hex');
}

/** Where compiled templates are kept between starts. */
export const cacheFile = join(root, 'node_modules/.cache/vestnik/templates.json');
