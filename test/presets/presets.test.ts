import { describe, expect, test } from 'vitest';
import { stageSettings } from '#api/open/schemas/metrics-settings.ts';
import { recommendationSettings } from '#api/open/schemas/recommendations.ts';
import { policySettings, shopSettings } from '#api/open/schemas/settings.ts';
import { applyPreset, currentSettings, saveSettings } from '#db/settings.ts';
import { durationMs } from '#domain/duration.ts';
import { presetPools, presetSettings, presets } from '#presets/presets.ts';
import { freshDatabase } from '#test/support/database.ts';
import { journeyNames, settingsSchemas } from '#workflows/catalogue.ts';

const { db } = await freshDatabase();
const at = new Date('2026-11-22T09:00:00.000Z');
const knowing = { stages: stageSettings, recommendations: recommendationSettings };
const schemas = { shop: shopSettings, policy: policySettings, ...knowing, ...settingsSchemas };

test('there is a preset for each retailer, and the defaults', () => {
  const names = ['default', 'second-friend-store', 'dnk', 'electronics', 'komus', 'mi-shop'];
  expect(Object.keys(presets).toSorted()).toEqual(names.toSorted());
  expect(presetSettings('nobody')).toBeNull();
  expect(presetSettings('constructor')).toBeNull();
});

describe.each(Object.keys(presets))('%s', (name) => {
  const settings = presetSettings(name) ?? [];

  test('sets the shop, the policy and every journey, as their schemas want it', () => {
    const also = Object.keys(knowing).filter((one) => presets[name]?.[one as keyof typeof knowing]);
    expect(settings.map((entry) => entry.name)).toEqual(['shop', 'policy', ...also, ...journeyNames]);
    for (const { name: of, value } of settings) expect(schemas[of as keyof typeof schemas].parse(value)).toEqual(value);
  });

  test('has every pool of promo codes that its journeys name', () => {
    const named = JSON.stringify(settings).matchAll(/"promo":\{"pool":"([^"]+)"/g);
    expect([...new Set([...named].map(([, pool]) => pool))].toSorted()).toEqual(
      presetPools(name)
        .map((pool) => pool.name)
        .toSorted(),
    );
  });

  test('has no promo message without a promo, and no code that ends before its reminder', () => {
    const { promo, branches } = settingsSchemas.abandonment.parse(presets[name]?.journeys.abandonment);
    const { steps } = branches.cart;
    expect(steps.some((step) => step.message.startsWith('cart-promo'))).toBe(promo !== null);
    const reminder = steps.find((step) => step.message === 'cart-promo-expires');
    if (!promo || !reminder) return;
    const pool = presetPools(name).find((one) => one.name === promo.pool);
    expect(durationMs(pool?.expiry.after ?? 'PT0S')).toBeGreaterThanOrEqual(
      durationMs(reminder.after) + durationMs(reminder.validFor),
    );
  });
});

test('a preset is version 1 of what nobody has set, and changes nothing that somebody has', async () => {
  await saveSettings(db, 'policy', { rules: [] }, 'api:anna', at);
  await applyPreset(db, presetSettings('dnk') ?? [], 'preset dnk', at);
  await applyPreset(db, presetSettings('komus') ?? [], 'preset komus', at);
  expect(await currentSettings(db, 'policy')).toMatchObject({ version: 1, author: 'api:anna', value: { rules: [] } });
  expect(await currentSettings(db, 'shop')).toMatchObject({ version: 1, author: 'preset dnk', value: { name: 'DNK' } });
  expect(await currentSettings(db, 'abandonment')).toMatchObject({ version: 1, value: { promo: { pool: 'cart' } } });
});
