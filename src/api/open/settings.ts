import type { Request } from 'express';
import { z } from 'zod';
import { Problem } from '#api/problems.ts';
import { currentSettings, type SettingsRow, saveSettings, settingsVersion, settingsVersions } from '#db/settings.ts';
import { defaultPolicy } from '#domain/policy.ts';
import { defaultShop } from '#domain/shop.ts';
import { type JourneyName, journeyNames, settingsSchemas } from '#workflows/catalogue.ts';
import { decodeCursor, page } from './cursor.ts';
import { type Call, type Route, route } from './route.ts';
import { listOf, paging } from './schemas/common.ts';
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

function journeyKind(name: JourneyName): Kind {
  return { name, schema: settingsSchemas[name], defaults: () => settingsSchemas[name].parse({}) };
}

const nameParam = z.object({ name: z.string().max(100) });
const versionParam = z.object({ version: z.coerce.number().pipe(z.int().min(1).max(2_147_483_647)) });
const versionCursor = z.tuple([z.int().min(1).max(2_147_483_647)]);

/** The journey of this name, or `journey_not_found`. */
export function journeyNamed(name: string): JourneyName {
  const found = journeyNames.find((journey) => journey === name);
  if (!found) throw new Problem('journey_not_found');
  return found;
}

/** The four routes that settings of any kind have. */
function settingsRoutes<P extends z.ZodObject>(
  options: { path: string; what: string; params?: P; value: z.ZodType; example: unknown },
  kindOf: (params: Record<string, unknown>) => Kind,
): Route[] {
  const { path, what, value, example } = options;
  const own = options.params ? (['journey_not_found'] as const) : ([] as const);
  const params = z.object(options.params?.shape ?? {});
  const answer = settingsAnswer(value);
  const common = { tag: 'Settings', params } as const;
  return [
    route({
      ...common,
      method: 'get',
      path,
      summary: `${what}: the newest version`,
      answer,
      problems: own,
      async handle({ params, deps }) {
        const kind = kindOf(params);
        return show(kind, await currentSettings(deps.db, kind.name));
      },
    }),
    route({
      ...common,
      method: 'put',
      path,
      summary: `${what}: a new version`,
      description:
        'Replaces them as a whole; what is left out takes its default. Runs keep the version they entered with.',
      headers: ifMatch,
      body: z.unknown(),
      bodyInDocument: value,
      example,
      answer,
      problems: [...own, 'version_conflict'],
      async handle(call) {
        const kind = kindOf(call.params);
        return show(kind, await save(kind, call));
      },
    }),
    route({
      ...common,
      method: 'get',
      path: `${path}/versions`,
      summary: `${what}: all versions, newest first`,
      query: z.strictObject(paging),
      answer: listOf(answer),
      problems: [...own, 'invalid_cursor'],
      async handle({ params, query: { limit, cursor }, deps }) {
        const kind = kindOf(params);
        const before = decodeCursor(cursor, versionCursor)?.[0] ?? 2_147_483_647;
        const rows = await settingsVersions(deps.db, kind.name, before, limit + 1);
        const { items, next } = page(rows, limit, (row) => [row.version]);
        return { items: items.map((row) => show(kind, row)), next };
      },
    }),
    route({
      ...common,
      method: 'get',
      path: `${path}/versions/{version}`,
      summary: `${what}: one version`,
      params: params.extend(versionParam.shape),
      answer,
      problems: [...own, 'version_not_found'],
      async handle({ params, deps }) {
        const kind = kindOf(params);
        const row = await settingsVersion(deps.db, kind.name, Number(params.version));
        if (!row) throw new Problem('version_not_found');
        return show(kind, row);
      },
    }),
  ];
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

function expectedVersion(request: Request): number | undefined {
  const header = request.get('if-match');
  if (header === undefined || header === '*') return undefined;
  const version = /^"?(\d{1,9})"?$/.exec(header)?.[1];
  if (version !== undefined) return Number(version);
  const message = 'must be the number of a version, such as "3"';
  throw new Problem('invalid_request', { detail: `If-Match ${message}.`, errors: [{ field: 'If-Match', message }] });
}

export const settingsRoutesOfAll: Route[] = [
  ...settingsRoutes(
    {
      path: '/journeys/{name}/settings',
      what: 'Settings of a journey',
      params: nameParam,
      value: anySettings,
      example: {
        expensiveFrom: 5_000_000,
        branches: { cart: { idle: 'PT30M', steps: [{ message: 'cart-reminder', after: 'PT0S' }] } },
      },
    },
    (params) => journeyKind(journeyNamed(String(params.name))),
  ),
  ...settingsRoutes(
    { path: '/settings/shop', what: 'Settings of the shop', value: shopSettings, example: defaultShop },
    () => shop,
  ),
  ...settingsRoutes(
    { path: '/settings/policy', what: 'Contact policy', value: policySettings, example: defaultPolicy },
    () => policy,
  ),
];
