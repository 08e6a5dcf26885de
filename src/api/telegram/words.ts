import type { Locale } from '#domain/shop.ts';

/** What the menu's buttons do. */
export const actions = ['promotions', 'queue', 'novelties', 'stop'] as const;
export type Action = (typeof actions)[number];

/** Of the greeting: kept with the consent that it asks for. Change it with the text. */
export const consentText = 'telegram-1';

export interface Words {
  buttons: Record<Action, string>;
  /** For the list of commands that Telegram shows. */
  commands: Record<'start' | Action, string>;
  /** Says what pressing Start means: `consentText` names its version. */
  welcome(shop: string): string;
  linked(shop: string): string;
  notLinked: string;
  linkedElsewhere: string;
  stopped: string;
  help: string;
  promotions: string;
  noPromotions: string;
  novelties: string;
  noNovelties: string;
  queue: string;
  noQueue: string;
  /** In a queue: 1 is the next. */
  place(position: number): string;
  /** Null: until when is not known yet. */
  kept(until: string | null): string;
  leave(item: string): string;
  join(item: string): string;
  left(item: string): string;
}

const en: Words = {
  buttons: { promotions: '🏷 Promotions', queue: '⏳ My queue', novelties: '✨ Novelties', stop: '🔕 Stop' },
  commands: {
    start: 'Get messages and offers here',
    promotions: 'Goods at a lower price',
    queue: 'What I am waiting for',
    novelties: 'The latest of the catalogue',
    stop: 'No more advertising here',
  },
  welcome: (shop) =>
    `Welcome to ${shop}! You will get offers, novelties and news of what you wait for here. No more of it? Send /stop at any time.`,
  linked: (shop) =>
    `Done: this chat belongs to your account at ${shop}. You will get offers, novelties and news of what you wait for here. No more of it? Send /stop at any time.`,
  notLinked: 'This link is no longer valid: open a new one in your account. You can look around here meanwhile.',
  linkedElsewhere: 'This chat belongs to another account. Write to us, and we will move it.',
  stopped: 'There will be no more advertising in this chat. Changed your mind? Send /start.',
  help: 'Choose what to see:',
  promotions: 'At a lower price now:',
  noPromotions: 'Nothing is at a lower price right now. Look at the novelties!',
  novelties: 'The latest:',
  noNovelties: 'There is nothing new yet.',
  queue: 'You are waiting for:',
  noQueue: 'You are not in the queue for anything. When an item is out, press “Join the queue” on its page.',
  place: (position) => (position === 1 ? 'you are the next' : `you are number ${position}`),
  kept: (until) => (until === null ? '<b>kept for you</b>' : `<b>kept for you until ${until}</b>`),
  leave: (item) => `✖ Leave: ${item}`,
  join: (item) => `⏳ Join again: ${item}`,
  left: (item) => `You are not in the queue for ${item} any more.`,
};

const ru: Words = {
  buttons: { promotions: '🏷 Акции', queue: '⏳ Моя очередь', novelties: '✨ Новинки', stop: '🔕 Отписаться' },
  commands: {
    start: 'Получать сообщения и предложения',
    promotions: 'Товары со скидкой',
    queue: 'Чего я жду',
    novelties: 'Последние поступления',
    stop: 'Больше не присылать рекламу',
  },
  welcome: (shop) =>
    `Добро пожаловать в ${shop}! Сюда будут приходить предложения, новинки и вести о том, чего вы ждёте. Надоест — отправьте /stop в любой момент.`,
  linked: (shop) =>
    `Готово: чат связан с вашим аккаунтом в ${shop}. Сюда будут приходить предложения, новинки и вести о том, чего вы ждёте. Надоест — отправьте /stop в любой момент.`,
  notLinked: 'Эта ссылка уже не действует: откройте новую в личном кабинете. А пока можно осмотреться здесь.',
  linkedElsewhere: 'Этот чат связан с другим аккаунтом. Напишите нам, и мы перенесём его.',
  stopped: 'Рекламы в этом чате больше не будет. Передумаете — отправьте /start.',
  help: 'Выберите, что показать:',
  promotions: 'Сейчас дешевле:',
  noPromotions: 'Скидок сейчас нет. Посмотрите новинки!',
  novelties: 'Последние поступления:',
  noNovelties: 'Новинок пока нет.',
  queue: 'Вы ждёте:',
  noQueue: 'Вы не стоите ни в одной очереди. Если вещь на примерке, нажмите «Встать в очередь» на её странице.',
  place: (position) => (position === 1 ? 'вы следующий' : `вы ${position}-й в очереди`),
  kept: (until) => (until === null ? '<b>отложена для вас</b>' : `<b>отложена для вас до ${until}</b>`),
  leave: (item) => `✖ Уйти: ${item}`,
  join: (item) => `⏳ Встать снова: ${item}`,
  left: (item) => `Вы больше не стоите в очереди за ${item}.`,
};

export const botWords: Readonly<Record<Locale, Words>> = { en, ru };

const pressed = new Map(
  Object.values(botWords).flatMap(({ buttons }) =>
    actions.map((action): [string, Action] => [buttons[action], action]),
  ),
);

/** Which button of the menu a text is, in whichever language: the keyboard of an earlier one may still be shown. */
export function actionOf(text: string): Action | null {
  return pressed.get(text.trim()) ?? null;
}
