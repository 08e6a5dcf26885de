import { z } from 'zod';
import type { ApiDeps } from '#api/deps.ts';
import { type FieldError, Problem } from '#api/problems.ts';
import { findTemplate, listTemplates, type OwnTemplate, saveTemplate } from '#db/templates.ts';
import { defaultShop, locales } from '#domain/shop.ts';
import type { Variables } from '#domain/template-variables.ts';
import { type OurTemplate, ourTemplates } from '#workflows/variables.ts';
import { expectedVersion } from './if-match.ts';
import { rendered, tryTexts } from './render-preview.ts';
import { type Call, type Route, route } from './route.ts';
import { templateName } from './schemas/send.ts';
import { ifMatch } from './schemas/settings.ts';
import { preview, previewInput, template, templateInput, templateList } from './schemas/templates.ts';
import { templateNamed } from './templates-known.ts';

const tag = 'Templates';
const params = z.object({ name: templateName });

const list = route({
  method: 'get',
  path: '/templates',
  tag,
  summary: 'Templates of transactional messages: ours and the shop’s own, which go before ours of the same name',
  answer: templateList,
  async handle({ deps }) {
    const own = await listTemplates(deps.db, '', mostListed);
    const names = new Set(own.map(({ name }) => name));
    const ours = [...ourTemplates.values()].filter(({ name }) => !names.has(name)).map(showOurs);
    const all = [...own.map(showOwn), ...ours].sort((a, b) => (a.name < b.name ? -1 : 1));
    return { items: all.map(({ texts, ...rest }) => ({ ...rest, channels: channelsOf(texts) })), next: null };
  },
});

const mostListed = 1000;

function channelsOf(texts: ReturnType<typeof showOwn>['texts']) {
  return [...new Set(texts.map(({ channel }) => channel))];
}

const get = route({
  method: 'get',
  path: '/templates/{name}',
  tag,
  summary: 'A template: its variables and, where it is the shop’s own, its texts',
  params,
  query: z.strictObject({
    version: z.coerce.number().pipe(z.int().min(1).max(2_147_483_647)).optional().meta({ type: 'integer', minimum: 1 }),
  }),
  answer: template,
  problems: ['template_not_found'],
  async handle({ params: { name }, query: { version }, deps }) {
    const own = await findTemplate(deps.db, name, version);
    if (own !== null) return showOwn(own);
    const ours = ourTemplates.get(name);
    if (ours === undefined || version !== undefined) throw new Problem('template_not_found');
    return showOurs(ours);
  },
});

const put = route({
  method: 'put',
  path: '/templates/{name}',
  tag,
  summary: 'A new version of a template of the shop’s own',
  description:
    'Replaces it as a whole. Each text is made with the examples of its variables before it is taken, once with all of them and once ' +
    'with the required ones only: what would fail when somebody waits for the message is refused now. What was asked for goes with ' +
    'the version of that time.',
  params,
  headers: ifMatch,
  body: templateInput,
  example: {
    variables: { pin: { type: 'text', example: '4821' } },
    texts: [
      {
        channel: 'email',
        locale: 'en',
        source:
          '---\nsubject: "{{data.pin}} is the code of your locker"\npreheader: "It opens by itself."\n---\n<mj-section css-class="inset"><mj-column><mj-text>Your parcel waits in the locker. The code is {{data.pin}}.</mj-text></mj-column></mj-section>',
      },
    ],
  },
  answer: template,
  problems: ['template_faulty', 'version_conflict'],
  handle: save,
});

async function save({
  params: { name },
  body,
  caller,
  request,
  deps,
}: Call<z.output<typeof params>, undefined, z.output<typeof templateInput>>) {
  const variables = body.variables as Variables;
  const shop = deps.shop?.() ?? defaultShop;
  const errors = await tryTexts({ name, variables, texts: body.texts }, shop);
  if (errors.length > 0) throw faulty(errors);
  const row = { name, variables, texts: body.texts, author: `api:${caller.name}`, createdAt: deps.clock.now() };
  const saved = await saveTemplate(deps.db, row, expectedVersion(request));
  if (saved === null) throw new Problem('version_conflict');
  return showOwn(saved);
}

function faulty(errors: FieldError[]): Problem {
  return new Problem('template_faulty', { detail: `${errors.map(({ message }) => message).join('; ')}.`, errors });
}

const look = route({
  method: 'post',
  path: '/templates/{name}/preview',
  tag,
  summary: 'A template as its channel would get it; nothing is sent',
  params,
  body: previewInput,
  example: { channel: 'email', locale: 'ru' },
  answer: preview,
  problems: ['template_not_found', 'template_data', 'template_faulty'],
  async handle({ params: { name }, body, deps }) {
    const known = await templateNamed(deps, name);
    return rendered(known, await ownTexts(deps, known.id, name), body, deps.shop?.() ?? defaultShop);
  },
});

async function ownTexts({ db }: ApiDeps, id: string | null, name: string) {
  const own = id === null ? null : await findTemplate(db, name);
  return own?.texts ?? null;
}

function showOwn({ id, name, version, author, createdAt, variables, texts }: OwnTemplate) {
  return { name, version, id, author, createdAt, variables, texts: texts.map((one) => ({ ...one })) as Shown[] };
}

interface Shown {
  channel: OwnTemplate['texts'][number]['channel'];
  locale: OwnTemplate['texts'][number]['locale'];
  source: string | null;
}

function showOurs({ name, variables, channels }: OurTemplate) {
  const texts: Shown[] = channels.flatMap((channel) => locales.map((locale) => ({ channel, locale, source: null })));
  return { name, version: 0, id: null, author: null, createdAt: null, variables, texts };
}

export const templateRoutes: readonly Route[] = [list, get, put, look];
