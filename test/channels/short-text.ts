import type { OutgoingMessage } from '#channels/channel.ts';
import type { ShortText } from '#domain/content.ts';

/** A short message on its way to somebody in Russia. */
export function shortText(
  content: Partial<ShortText> = {},
  more: Partial<Omit<OutgoingMessage, 'content'>> = {},
): OutgoingMessage<ShortText> {
  return {
    id: '019ab5d0-7c00-7000-8000-000000000001',
    journey: 'abandonment',
    template: 'cart-reminder',
    kind: 'marketing',
    locale: 'ru',
    to: '+79161234567',
    devices: [],
    from: { name: 'Вторая полка', email: 'hello@shop.example' },
    content: {
      form: 'text',
      text: 'Анна, корзина сохранена',
      button: null,
      imageUrl: null,
      approved: null,
      ...content,
    },
    unsubscribeUrl: 'https://crm.shop.example/u/ttt',
    ...more,
  };
}
