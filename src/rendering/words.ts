import type { Locale } from '#domain/shop.ts';

/** The few words that the layout itself says: `{{@words.name}}`. */
export const words: Record<Locale, Record<string, string>> = {
  en: {
    was: 'was',
    more: 'And more in the same place:',
    total: 'Total',
    delivery: 'Delivery',
    discount: 'Discount',
    withoutCode: 'Total without the code',
    promoCode: 'Your promo code',
    validUntil: 'Valid until',
    why: 'You receive this letter because you visited our shop and left your address.',
    whyService:
      'This letter is no advertising: it is about what was done in our shop with your address, such as an order or your account.',
    unsubscribe: 'Unsubscribe',
    preferences: 'Mail preferences',
  },
  ru: {
    was: 'было',
    more: 'И ещё там же:',
    total: 'Итого',
    delivery: 'Доставка',
    discount: 'Скидка',
    withoutCode: 'Итого без промокода',
    promoCode: 'Ваш промокод',
    validUntil: 'Действует до',
    why: 'Вы получили это письмо, потому что заходили в наш магазин и оставили свой адрес.',
    whyService:
      'Это письмо не реклама: оно о том, что сделано в нашем магазине с вашим адресом, например о заказе или о вашем аккаунте.',
    unsubscribe: 'Отписаться',
    preferences: 'Настройки рассылки',
  },
};
