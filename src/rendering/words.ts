import type { Locale } from '#domain/shop.ts';

/** The few words that the layout itself says: `{{@words.name}}`. */
export const words: Record<Locale, Record<string, string>> = {
  en: {
    was: 'was',
    more: 'And more in the same place:',
    total: 'Total',
    withoutCode: 'Total without the code',
    promoCode: 'Your promo code',
    validUntil: 'Valid until',
    why: 'You receive this letter because you visited our shop and left your address.',
    unsubscribe: 'Unsubscribe',
    preferences: 'Mail preferences',
  },
  ru: {
    was: 'было',
    more: 'И ещё там же:',
    total: 'Итого',
    withoutCode: 'Итого без промокода',
    promoCode: 'Ваш промокод',
    validUntil: 'Действует до',
    why: 'Вы получили это письмо, потому что заходили в наш магазин и оставили свой адрес.',
    unsubscribe: 'Отписаться',
    preferences: 'Настройки рассылки',
  },
};
