import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { settingsSchemas } from '#workflows/catalogue.ts';

/** A retailer as data: what differs from the defaults. Written at the first start; from then on people's settings hold. */
export interface Preset {
  title: string;
  shop: Partial<ShopSettings>;
  journeys: { abandonment?: (typeof settingsSchemas.abandonment)['_zod']['input'] };
}

/** By the name that `--preset` and VESTNIK_PRESET take. Numbers are the retailers' own (`docs/systems.md`, J4–J6). */
export const presets: Readonly<Record<string, Preset>> = {
  default: { title: 'The defaults of every journey', shop: {}, journeys: {} },

  'second-friend-store': {
    title: 'Second Friend Store: resale of luxury items, each of which exists once',
    shop: { name: 'Second Friend Store', locale: 'ru' },
    // The journey's defaults are theirs: at once, +3 h, +1 day, +3 days, no discount.
    journeys: { abandonment: {} },
  },

  dnk: {
    title: 'DNK: natural cosmetics, shops and online',
    shop: { name: 'DNK', locale: 'ru' },
    journeys: {
      abandonment: {
        promo: { code: 'CART10', percent: 10, validFor: 'P5D' },
        branches: {
          cart: {
            idle: 'PT30M',
            steps: [
              { message: 'cart-reminder', after: 'PT0S' },
              { message: 'cart-promo', after: 'P3D' },
              { message: 'cart-promo-expires', after: 'P4D' },
            ],
          },
        },
      },
    },
  },

  'mi-shop': {
    title: 'mi-shop: Xiaomi stores',
    shop: { name: 'mi-shop', locale: 'ru' },
    journeys: {
      abandonment: {
        expensiveFrom: 3_000_000,
        branches: {
          favourites: {
            idle: 'PT30M',
            steps: [
              { message: 'favourites', after: 'PT0S' },
              { message: 'favourites-alternatives', after: 'P1D' },
            ],
          },
          view: {
            idle: 'PT30M',
            steps: [
              { message: 'view', after: 'PT0S' },
              { message: 'view-alternatives', after: 'P1D' },
            ],
          },
          visit: { idle: 'PT30M', steps: [{ message: 'pick-a-category', after: 'PT0S' }] },
        },
      },
    },
  },
};

/** Settings to store for a preset: names as in the table `settings`. Null where there is no such preset. */
export function presetSettings(name: string): { name: string; value: unknown }[] | null {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (!preset) return null;
  const shop = { name: 'shop', value: { ...defaultShop, ...preset.shop } };
  const { abandonment } = preset.journeys;
  return abandonment ? [shop, { name: 'abandonment', value: settingsSchemas.abandonment.parse(abandonment) }] : [shop];
}
