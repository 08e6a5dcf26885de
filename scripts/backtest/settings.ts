import { z } from 'zod';
import { policySettings, shopSettings } from '#api/open/schemas/settings.ts';
import { Failure } from '#domain/failure.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { presetSettings, presets } from '#presets/presets.ts';
import { jsonFile, type OrderMapping, saidOf } from '#scripts/files/mapping.ts';
import { type JourneyName, journeyNames, settingsSchemas } from '#workflows/catalogue.ts';
import { textsFor } from '#workflows/texts.ts';

/** What one side of a backtest runs with. */
export interface Side {
  /** `A` or `B`. */
  name: string;
  /** For people: the preset, and the file that changes it. */
  title: string;
  shop: ShopSettings;
  /** By name, as the table `settings` keeps them. */
  settings: { name: string; value: unknown }[];
}

export interface SideOptions {
  preset: string;
  /** JSON: `{"shop": {…}, "policy": {…}, "abandonment": {…}}`; what is left out is the preset's. */
  file: string | undefined;
  mapping: OrderMapping;
  journeys: readonly JourneyName[];
}

export function journeysNamed(name: string): JourneyName[] {
  if (name === 'all') return [...journeyNames];
  const found = journeyNames.find((journey) => journey === name);
  if (found) return [found];
  throw new Failure(`There is no journey "${name}": say --journey all or one of ${journeyNames.join(', ')}.`);
}

/** Throws Failure where the preset or what the file says is not valid. */
export function sideOf(name: string, { preset, file, mapping, journeys }: SideOptions): Side {
  const settings = presetSettings(preset);
  if (settings === null)
    throw new Failure(`There is no preset "${preset}": choose among ${Object.keys(presets).join(', ')}.`);
  const base = new Map(settings.map((one) => [one.name, one.value]));
  const given = file === undefined ? {} : givenBy(file);
  const located = { ...(base.get('shop') as object), ...locationOf(mapping), ...(given.shop as object) };
  const all: Record<string, unknown> = { ...Object.fromEntries(base), ...given, shop: located };
  // One that is asked for by its name is on, also where it is off by default.
  const [asked] = journeys.length === 1 ? journeys : [];
  for (const journey of journeyNames) {
    const isLeftOut = !journeys.includes(journey);
    if (isLeftOut || journey === asked) all[journey] = { ...(all[journey] as object), enabled: !isLeftOut };
  }
  return {
    name,
    title: file === undefined ? `preset ${preset}` : `preset ${preset} with ${file.split('/').at(-1)}`,
    shop: located as ShopSettings,
    settings: Object.entries(all).map(([name, value]) => ({ name, value })),
  };
}

/** What the file of orders says of the shop. */
function locationOf({ zone, currency }: OrderMapping): Partial<ShopSettings> {
  return { ...(zone !== undefined && { zone }), ...(currency !== undefined && { currency }) };
}

function givenBy(file: string): Record<string, unknown> {
  const schema = z.strictObject({
    shop: shopSettings.partial().optional(),
    policy: policySettings.optional(),
    ...Object.fromEntries(
      journeyNames.map((journey) => [journey, settingsSchemas[journey].superRefine(textsFor(journey)).optional()]),
    ),
  });
  const document = jsonFile(file, 'settings');
  const parsed = schema.safeParse(document);
  if (!parsed.success) throw new Failure(`The settings ${file} cannot be used:\n${saidOf(parsed.error)}`);
  // A partial schema fills in the defaults of what nobody has said.
  const said = Object.keys((document as { shop?: object }).shop ?? {});
  const changes = Object.entries(parsed.data.shop ?? {}).filter(([field]) => said.includes(field));
  return { ...parsed.data, shop: Object.fromEntries(changes) };
}
