import type { ChannelName } from '#domain/journey.ts';
import type { Locale } from '#domain/shop.ts';
import type { Topic } from '#domain/topics.ts';

interface Words {
  title: string;
  lead: string;
  service: string;
  save: string;
  everything: string;
  saved: string;
  left: { title: string; text: string };
  resubscribe: string;
  resubscribed: string;
  waits: string;
  confirm: { title: string; text: string; button: string };
  confirmed: { title: string; text: string };
  nothingToConfirm: { title: string; text: string };
  channels: Record<ChannelName, string>;
  topics: Record<Topic, { name: string; about: string }>;
}

/** What the pages say by which customers choose what they hear of us. */
export const words: Record<Locale, Words> = {
  en: {
    title: 'What may we write to you about?',
    lead: 'Tick what you want to get. Your choice holds at once.',
    service: 'Messages about your orders always come.',
    save: 'Save',
    everything: 'Unsubscribe from everything',
    saved: 'Saved. It holds from now on.',
    left: { title: 'You are unsubscribed', text: 'No more advertising comes from us.' },
    resubscribe: 'That was a mistake: subscribe again',
    resubscribed: 'You are subscribed again. Good to have you back.',
    waits: 'Waits for your confirmation: tick what you want and save.',
    confirm: {
      title: 'Confirm your subscription',
      text: 'Press the button, and we will write to you about novelties and offers. You can leave at any time by a link in each message.',
      button: 'Yes, subscribe me',
    },
    confirmed: { title: 'Thank you, you are subscribed', text: 'You can leave at any time by a link in each message.' },
    nothingToConfirm: {
      title: 'There is nothing to confirm',
      text: 'This subscription was confirmed already, or you have left since.',
    },
    channels: {
      email: 'E-mail',
      telegram: 'Telegram',
      sms: 'SMS',
      viber: 'Viber',
      whatsapp: 'WhatsApp',
      web_push: 'Notifications in your browser',
      app_push: 'Notifications in our app',
    },
    topics: {
      reminders: { name: 'Reminders', about: 'What you left in the cart or looked at' },
      novelties: { name: 'New arrivals', about: 'New goods, and those that are back' },
      offers: { name: 'Offers', about: 'Discounts and promo codes' },
      advice: { name: 'Advice', about: 'How to choose and how to use' },
    },
  },
  ru: {
    title: 'О чём вам писать?',
    lead: 'Отметьте, что хотите получать. Выбор действует сразу.',
    service: 'Сообщения о ваших заказах приходят всегда.',
    save: 'Сохранить',
    everything: 'Отписаться от всего',
    saved: 'Сохранено. Уже действует.',
    left: { title: 'Вы отписались', text: 'Рекламы от нас больше не будет.' },
    resubscribe: 'Это ошибка: вернуть подписку',
    resubscribed: 'Вы снова подписаны. Рады, что вы с нами.',
    waits: 'Ждёт вашего подтверждения: отметьте, что хотите получать, и сохраните.',
    confirm: {
      title: 'Подтвердите подписку',
      text: 'Нажмите кнопку, и мы будем писать вам о новинках и акциях. Отписаться можно в любой момент по ссылке в каждом сообщении.',
      button: 'Да, подписать меня',
    },
    confirmed: {
      title: 'Спасибо, вы подписаны',
      text: 'Отписаться можно в любой момент по ссылке в каждом сообщении.',
    },
    nothingToConfirm: {
      title: 'Подтверждать нечего',
      text: 'Эта подписка уже подтверждена, или вы с тех пор отписались.',
    },
    channels: {
      email: 'Почта',
      telegram: 'Telegram',
      sms: 'SMS',
      viber: 'Viber',
      whatsapp: 'WhatsApp',
      web_push: 'Уведомления в браузере',
      app_push: 'Уведомления в приложении',
    },
    topics: {
      reminders: { name: 'Напоминания', about: 'О корзине и о том, что вы смотрели' },
      novelties: { name: 'Новинки', about: 'Новые товары и те, что снова есть' },
      offers: { name: 'Акции', about: 'Скидки и промокоды' },
      advice: { name: 'Советы', about: 'Как выбрать и как пользоваться' },
    },
  },
};
