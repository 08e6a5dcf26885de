import type { PromoPool } from '#domain/promo.ts';
import { defaultRecommendations } from '#domain/recommendation-settings.ts';
import { defaultShop } from '#domain/shop.ts';
import { defaultStages } from '#domain/stages.ts';
import { journeyNames, settingsSchemas } from '#workflows/catalogue.ts';
import { preset as byDefault } from './default.ts';
import { preset as dnk } from './dnk.ts';
import { preset as electronics } from './electronics.ts';
import { preset as komus } from './komus.ts';
import { preset as miShop } from './mi-shop.ts';
import type { Preset } from './preset.ts';
import { preset as secondFriendStore } from './second-friend-store.ts';

/** By the name that `--preset` and VESTNIK_PRESET take. Numbers are the retailers' own (`docs/systems.md`, J4–J6). */
export const presets: Readonly<Record<string, Preset>> = Object.fromEntries(
  [byDefault, secondFriendStore, dnk, electronics, komus, miShop].map((preset) => [preset.name, preset]),
);

/** The pools of promo codes that a preset's journeys name. */
export function presetPools(name: string): readonly PromoPool[] {
  return (Object.hasOwn(presets, name) && presets[name]?.promoPools) || [];
}

/** Settings to store for a preset: names as in the table `settings`. Null where there is no such preset. */
export function presetSettings(name: string): { name: string; value: unknown }[] | null {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (!preset) return null;
  return [
    { name: 'shop', value: { ...defaultShop, ...preset.shop } },
    { name: 'policy', value: preset.policy },
    ...(preset.stages ? [{ name: 'stages', value: { ...defaultStages, ...preset.stages } }] : []),
    ...(preset.recommendations
      ? [{ name: 'recommendations', value: { ...defaultRecommendations, ...preset.recommendations } }]
      : []),
    ...journeyNames.map((journey) => ({
      name: journey,
      value: settingsSchemas[journey].parse(preset.journeys[journey] ?? {}),
    })),
  ];
}
