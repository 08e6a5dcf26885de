import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ChannelName } from '#domain/journey.ts';
import { type CompiledTemplate, compileTemplates } from './compile.ts';
import { environment, type Make } from './filling.ts';
import { prepareLetter } from './letter.ts';
import type { MessageModel, Rendered, Renderer, RenderInput } from './model.ts';
import { prepareShort } from './short/render.ts';
import { cacheFile, fingerprint, readSources, type Sources } from './sources.ts';

/** Loads every journey's templates. Compiled ones are kept on disk until a source changes. */
export async function createRenderer(): Promise<Renderer> {
  const sources = readSources();
  const compiled = await keptOrCompiled(sources);
  const own = { html: environment(sources, 'html'), text: environment(sources, 'text') };
  const byName = new Map<string, Make>();
  for (const template of compiled) {
    const { file } = template;
    byName.set(
      nameOf(template),
      template.form === 'letter' ? prepareLetter(own, template) : prepareShort(own.text, template, file),
    );
  }
  return {
    templates: compiled,
    render: <Channel extends ChannelName>(input: RenderInput<Channel>) =>
      makerOf(byName, input)(greeting(input)) as Rendered<Channel>,
  };
}

function greeting(input: RenderInput): RenderInput {
  return { ...input, model: { ...input.model, customer: greeted(input.model.customer) } };
}

/** Whoever signs up somebody else with an advertisement for a name must not get it delivered by us. */
function greeted({ firstName }: MessageModel['customer']): MessageModel['customer'] {
  const name = firstName?.trim() ?? '';
  return { firstName: /^[\p{L}\p{M}' ’-]{1,40}$/u.test(name) ? name : null };
}

function makerOf(byName: Map<string, Make>, input: RenderInput): Make {
  const maker = byName.get(nameOf(input));
  if (!maker) {
    const file = `${nameOf(input).replace('/', '/messages/')}.${input.channel === 'email' ? 'mjml' : 'txt'}`;
    throw new Error(`no template ${nameOf(input)}: add src/workflows/${file}`);
  }
  return maker;
}

function nameOf(of: { journey: string; message: string; channel: ChannelName; locale: string }): string {
  return `${of.journey}/${of.message}.${of.channel}.${of.locale}`;
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
