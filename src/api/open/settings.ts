import { z } from 'zod';
import { mindboxSettings } from '#api/mindbox/names.ts';
import { Problem, type ProblemCode } from '#api/problems.ts';
import { currentSettings, type SettingsRow, saveSettings, settingsVersion, settingsVersions } from '#db/settings.ts';
import { defaultAttribution } from '#domain/attribution.ts';
import { defaultEmailHealth } from '#domain/email-health.ts';
import { defaultLtv } from '#domain/ltv.ts';
import { defaultPolicy } from '#domain/policy.ts';
import { defaultRecommendations } from '#domain/recommendation-settings.ts';
import { defaultRfm } from '#domain/rfm-defaults.ts';
import { defaultShop } from '#domain/shop.ts';
import { defaultStages } from '#domain/stages.ts';
import { type JourneyName, journeyNames, settingsSchemas } from '#workflows/catalogue.ts';
import { textsFor } from '#workflows/texts.ts';
import { decodeCursor, page } from './cursor.ts';
import { expectedVersion } from './if-match.ts';
import { type Call, type Route, route } from './route.ts';
import { attributionSettings } from './schemas/attribution.ts';
import { listOf, paging } from './schemas/common.ts';
import { emailHealthSettings } from './schemas/email-health.ts';
import { ltvSettings, rfmSettings, stageSettings } from './schemas/metrics-settings.ts';
import { recommendationSettings } from './schemas/recommendations.ts';
import { ifMatch, policySettings, settingsAnswer, shopSettings } from './schemas/settings.ts';
import { parseStorable } from './validate.ts';

const anySettings = Object.values(settingsSchemas)
  .reduce<z.ZodType>((union, schema, index) => (index === 0 ? schema : z.union([union, schema])), z.never())
  .meta({ id: 'JourneySettings', description: 'Settings of the journey, as its own schema says' });

/** What is kept under one name of settings: its schema, and what holds where nothing was set. */
interface Kind {
  name: string;
  schema: z.ZodType;
  defaults(): unknown;
}

const shop: Kind = { name: 'shop', schema: shopSettings, defaults: () => defaultShop };
const policy: Kind = { name: 'policy', schema: policySettings, defaults: () => defaultPolicy };
const recommendations: Kind = {
  name: 'recommendations',
  schema: recommendationSettings,
  defaults: () => defaultRecommendations,
};
const mindbox: Kind = { name: 'mindbox', schema: mindboxSettings, defaults: () => mindboxSettings.parse({}) };

const rfm: Kind = { name: 'rfm', schema: rfmSettings, defaults: () => defaultRfm };
const stages: Kind = { name: 'stages', schema: stageSettings, defaults: () => defaultStages };
const ltv: Kind = { name: 'ltv', schema: ltvSettings, defaults: () => defaultLtv };
const attribution: Kind = { name: 'attribution', schema: attributionSettings, defaults: () => defaultAttribution };
const health: Kind = { name: 'email-health', schema: emailHealthSettings, defaults: () => defaultEmailHealth };

function journeyKind(name: JourneyName): Kind {
  return {
    name,
    schema: settingsSchemas[name].superRefine(textsFor(name)),
    defaults: () => settingsSchemas[name].parse({}),
  };
}

const mostVersions = 2_147_483_647;
const version = z.int().min(1).max(mostVersions);
const versionCursor = z.tuple([version]);

/** The journey of this name, or `journey_not_found`. */
export function journeyNamed(name: string): JourneyName {
  const found = journeyNames.find((journey) => journey === name);
  if (!found) throw new Problem('journey_not_found');
  return found;
}

/** Settings that are reached by the same routes: those of the journeys, of the shop, of the policy. */
interface Family {
  path: string;
  what: string;
  params: z.ZodObject;
  value: z.ZodType;
  example: unknown;
  problems: readonly ProblemCode[];
  kindOf(params: Record<string, unknown>): Kind;
}

const tag = 'Settings';

function newest({ path, what, params, value, problems, kindOf }: Family): Route {
  return route({
    method: 'get',
    path,
    tag,
    summary: `${what}: the newest version`,
    params,
    answer: settingsAnswer(value),
    problems,
    async handle({ params, deps }) {
      const kind = kindOf(params);
      return show(kind, await currentSettings(deps.db, kind.name));
    },
  });
}

function replace({ path, what, params, value, example, problems, kindOf }: Family): Route {
  return route({
    method: 'put',
    path,
    tag,
    summary: `${what}: a new version`,
    description:
      'Replaces them as a whole; what is left out takes its default. Runs keep the version they entered with.',
    params,
    headers: ifMatch,
    body: z.unknown(),
    bodyInDocument: value,
    example,
    answer: settingsAnswer(value),
    problems: [...problems, 'version_conflict'],
    async handle(call) {
      const kind = kindOf(call.params);
      return show(kind, await save(kind, call));
    },
  });
}

function versions({ path, what, params, value, problems, kindOf }: Family): Route {
  return route({
    method: 'get',
    path: `${path}/versions`,
    tag,
    summary: `${what}: all versions, newest first`,
    params,
    query: z.strictObject(paging),
    answer: listOf(settingsAnswer(value)),
    problems: [...problems, 'invalid_cursor'],
    async handle({ params, query: { limit, cursor }, deps }) {
      const kind = kindOf(params);
      const before = decodeCursor(cursor, versionCursor)?.[0] ?? mostVersions;
      const rows = await settingsVersions(deps.db, kind.name, before, limit + 1);
      const { items, next } = page(rows, limit, (row) => [row.version]);
      return { items: items.map((row) => show(kind, row)), next };
    },
  });
}

function oneVersion({ path, what, params, value, problems, kindOf }: Family): Route {
  return route({
    method: 'get',
    path: `${path}/versions/{version}`,
    tag,
    summary: `${what}: one version`,
    params: params.extend({ version: z.coerce.number().pipe(version) }),
    answer: settingsAnswer(value),
    problems: [...problems, 'version_not_found'],
    async handle({ params, deps }) {
      const kind = kindOf(params);
      const row = await settingsVersion(deps.db, kind.name, Number(params.version));
      if (!row) throw new Problem('version_not_found');
      return show(kind, row);
    },
  });
}

/** Settings that an older release wrote are shown with the defaults of what has been added since. */
function show({ name, schema, defaults }: Kind, row: SettingsRow | null) {
  if (!row) return { name, version: 0, author: null, createdAt: null, value: defaults() };
  const parsed = schema.safeParse(row.value);
  const { version, author, createdAt } = row;
  return { name, version, author, createdAt, value: parsed.success ? parsed.data : row.value };
}

async function save(
  kind: Kind,
  { body, caller, deps, request }: Call<unknown, unknown, unknown>,
): Promise<SettingsRow> {
  const value = parseStorable(kind.schema, body, true);
  const expected = expectedVersion(request);
  const row = await saveSettings(deps.db, kind.name, value, `api:${caller.name}`, deps.clock.now(), expected);
  if (!row) throw new Problem('version_conflict');
  return row;
}

const families: readonly Family[] = [
  {
    path: '/journeys/{name}/settings',
    what: 'Settings of a journey',
    params: z.object({ name: z.string().max(100) }),
    value: anySettings,
    example: {
      expensiveFrom: 5_000_000,
      branches: { cart: { idle: 'PT30M', steps: [{ message: 'cart-reminder', after: 'PT0S' }] } },
    },
    problems: ['journey_not_found'],
    kindOf: ({ name }) => journeyKind(journeyNamed(String(name))),
  },
  {
    path: '/settings/shop',
    what: 'Settings of the shop',
    params: z.object({}),
    value: shopSettings,
    example: defaultShop,
    problems: [],
    kindOf: () => shop,
  },
  {
    path: '/settings/policy',
    what: 'Contact policy',
    params: z.object({}),
    value: policySettings,
    example: defaultPolicy,
    problems: [],
    kindOf: () => policy,
  },
  {
    path: '/settings/recommendations',
    what: 'Settings of recommendations',
    params: z.object({}),
    value: recommendationSettings,
    example: { complements: { categories: { Phones: { Cases: 1, Chargers: 0.5 } }, products: {} } },
    problems: [],
    kindOf: () => recommendations,
  },
  {
    path: '/settings/rfm',
    what: 'RFM: scales, named segments, offers by code',
    params: z.object({}),
    value: rfmSettings,
    example: { offers: [{ codes: ['33x'], title: { en: 'Early access', ru: 'Ранний доступ' }, promo: null }] },
    problems: [],
    kindOf: () => rfm,
  },
  {
    path: '/settings/stages',
    what: 'Lifecycle stages: order intervals of people and companies',
    params: z.object({}),
    value: stageSettings,
    example: defaultStages,
    problems: [],
    kindOf: () => stages,
  },
  {
    path: '/settings/ltv',
    what: 'Bands of what customers have brought',
    params: z.object({}),
    value: ltvSettings,
    example: defaultLtv,
    problems: [],
    kindOf: () => ltv,
  },
  {
    path: '/settings/attribution',
    what: 'Attribution: how long before an order a touch counts',
    params: z.object({}),
    value: attributionSettings,
    example: {
      lookBack: { last_click: { window: 'P5D', channels: { web_push: 'P1D', app_push: 'P1D' } } },
      ignoredReferrers: ['pay.example.com'],
    },
    problems: [],
    kindOf: () => attribution,
  },
  {
    path: '/settings/email-health',
    what: 'Whose rates stand beside the shop’s in the report on e-mail health',
    params: z.object({}),
    value: emailHealthSettings,
    example: defaultEmailHealth,
    problems: [],
    kindOf: () => health,
  },
  {
    path: '/settings/mindbox',
    what: 'Names of Mindbox operations',
    params: z.object({}),
    value: mindboxSettings,
    example: { operations: { 'Website.SetCart': 'set_cart', 'Offline.Order': 'create_order' } },
    problems: [],
    kindOf: () => mindbox,
  },
];

export const settingsRoutes: readonly Route[] = families.flatMap((family) =>
  [newest, replace, versions, oneVersion].map((make) => make(family)),
);
