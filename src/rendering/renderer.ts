import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ChannelName } from '#domain/journey.ts';
import { type CompiledTemplate, compileTemplates } from './compile.ts';
import { environment, type Make } from './filling.ts';
import { prepareLetter } from './letter.ts';
import type { MessageModel, OwnText, Rendered, Renderer, RenderInput } from './model.ts';
import { prepareShort } from './short/render.ts';
import { cacheFile, fingerprint, readSources, type Sources } from './sources.ts';

/** Loads every journey's templates. Compiled ones are kept on disk until a source changes. */
export async function createRenderer(): Promise<Renderer> {
  const sources = readSources();
  const compiled = await keptOrCompiled(sources);
  const own = { html: environment(sources, 'html'), text: environment(sources, 'text') };
  const ready = (template: CompiledTemplate): Make =>
    template.form === 'letter' ? prepareLetter(own, template) : prepareShort(own.text, template, template.file);
  const byName = new Map(compiled.map((template) => [nameOf(template), ready(template)]));
  const kept = new Map<string, Make>();
  return {
    templates: compiled,
    render: <Channel extends ChannelName>(input: RenderInput<Channel>) =>
      makerOf(byName, input)(greeting(input)) as Rendered<Channel>,
    async own(texts) {
      const makers = new Map<string, Make>();
      for (const text of texts) {
        const key = text.id === null ? null : `${text.id} ${text.channel} ${text.locale}`;
        const maker = (key !== null && kept.get(key)) || ready(await compileOwn(text, sources));
        if (key !== null) keepMaker(kept, key, maker);
        makers.set(`${text.channel} ${text.locale}`, maker);
      }
      return <Channel extends ChannelName>(input: RenderInput<Channel>) => {
        const maker = makers.get(`${input.channel} ${input.locale}`);
        if (!maker) throw new Error(`template ${input.message} has no text for ${input.channel} in ${input.locale}`);
        return maker(greeting(input)) as Rendered<Channel>;
      };
    },
  };
}

/** Compiled texts of the shop's own that a process keeps; who has more compiles some again. */
const mostKept = 500;

function keepMaker(kept: Map<string, Make>, key: string, maker: Make): void {
  kept.delete(key);
  kept.set(key, maker);
  for (const oldest of kept.keys()) {
    if (kept.size <= mostKept) break;
    kept.delete(oldest);
  }
}

async function compileOwn({ template, channel, locale, source }: OwnText, { layout }: Sources) {
  const file = `${template}.${channel}.${locale}`;
  const templates = [{ texts: null, journey: 'message', message: template, channel, locale, file, text: source }];
  const [compiled] = await compileTemplates({ templates, layout });
  if (compiled === undefined) throw new Error(`${file} could not be compiled`);
  return compiled;
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
  const name = nameOf({ ...input, texts: null });
  const { texts } = input.model.shop;
  // A preset words what it wants to; all else is said in the journey's own words.
  const maker = (texts && byName.get(nameOf({ ...input, texts }))) || byName.get(name);
  if (!maker) {
    const file = `${name.replace('/', '/messages/')}.${input.channel === 'email' ? 'mjml' : 'txt'}`;
    throw new Error(`no template ${name}: add src/workflows/${file}`);
  }
  return maker;
}

function nameOf(of: Pick<CompiledTemplate, 'texts' | 'journey' | 'message' | 'channel' | 'locale'>): string {
  const name = `${of.journey}/${of.message}.${of.channel}.${of.locale}`;
  return of.texts === null ? name : `${of.texts} ${name}`;
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
