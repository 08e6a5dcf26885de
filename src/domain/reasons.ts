import type { Locale } from './shop.ts';

/**
 * Why a message went or did not, in one table: every reason that is written to the decision ledger, to blocks, messages and
 * holes. Journeys and decisions take their reasons from its types, so that a reason which it does not know does not compile.
 * `docs/decisions.md` lists the same (`npm run check`).
 *
 * `en` and `ru` stand after "because": `{rule}`, `{journey}`, `{argument}` are filled in, and so is what follows them where it is
 * known: `{contacts}`, `{due}`, `{firstDue}`. `next`: what to do about it.
 */
interface Said {
  en: string;
  ru: string;
  next: Readonly<Record<Locale, string>>;
}

const nothing = { en: 'Nothing.', ru: 'Ничего.' };

/** Why somebody cannot be written to on a channel (R9). */
const unreachable = {
  no_provider: {
    en: 'the shop uses no provider for the channel',
    ru: 'магазин не пользуется этим каналом',
    next: {
      en: 'Configure a provider, and add the channel to the settings of the shop.',
      ru: 'Настройте провайдера и добавьте канал в настройки магазина.',
    },
  },
  no_address: {
    en: 'no address of the customer is known there',
    ru: 'адрес клиента в этом канале не известен',
    next: { en: 'Ask the customer for it on the site.', ru: 'Спросите его у клиента на сайте.' },
  },
  bounced: {
    en: 'the address does not exist: a message to it came back',
    ru: 'адреса не существует: сообщение на него вернулось',
    next: { en: 'Ask the customer for another address.', ru: 'Спросите у клиента другой адрес.' },
  },
  complained: {
    en: 'the customer has called a message spam',
    ru: 'клиент назвал сообщение спамом',
    next: {
      en: 'Nothing: advertising stays away. Service messages still go.',
      ru: 'Ничего: рекламы не будет. Сервисные сообщения идут.',
    },
  },
  blocked: {
    en: 'the customer has blocked the sender',
    ru: 'клиент заблокировал отправителя',
    next: { en: 'Nothing, until they write first.', ru: 'Ничего, пока клиент не напишет сам.' },
  },
  unsubscribed: {
    en: 'the customer has unsubscribed',
    ru: 'клиент отписался',
    next: { en: 'Nothing, until they subscribe again.', ru: 'Ничего, пока клиент не подпишется снова.' },
  },
  no_consent: {
    en: 'no consent to advertising there is recorded',
    ru: 'согласия на рекламу в этом канале нет',
    next: { en: 'Ask for consent, and send `Consent Changed`.', ru: 'Получите согласие и пришлите `Consent Changed`.' },
  },
  unconfirmed: {
    en: 'the subscription still waits to be confirmed',
    ru: 'подписка ещё не подтверждена',
    next: {
      en: 'Nothing: the customer confirms it by the link in the letter.',
      ru: 'Ничего: клиент подтверждает её ссылкой из письма.',
    },
  },
  no_personal_data_consent: {
    en: 'no consent to keep personal data for advertising is recorded',
    ru: 'согласия на обработку персональных данных для рекламы нет',
    next: {
      en: 'Ask for it, and send `Consent Changed` with the purpose `personal_data`.',
      ru: 'Получите его и пришлите `Consent Changed` с целью `personal_data`.',
    },
  },
  no_channel: {
    en: 'no channel of the message is left on which the customer can be written to',
    ru: 'у сообщения не осталось канала, в котором клиенту можно написать',
    next: {
      en: 'See `reachability` of the customer, or give the cascade another channel.',
      ru: 'Посмотрите `reachability` клиента или добавьте канал в каскад.',
    },
  },
} as const satisfies Record<string, Said>;

/** Why a message would not be true any more (R4). */
const untrue = {
  no_goods: {
    en: 'none of the goods can be bought any more',
    ru: 'ни один из товаров больше нельзя купить',
    next: { en: 'Nothing; it is true again when they are in stock.', ru: 'Ничего, пока товары не появятся снова.' },
  },
  no_promo: {
    en: 'the journey has no promo code',
    ru: 'у цепочки нет промокода',
    next: { en: 'Set `promo` in the settings of the journey.', ru: 'Задайте `promo` в настройках цепочки.' },
  },
  no_promo_given: {
    en: 'the customer was given no promo code to be reminded of',
    ru: 'клиенту не давали промокода, о котором напоминать',
    next: nothing,
  },
  promo_expired: {
    en: 'the promo code had expired',
    ru: 'промокод истёк',
    next: {
      en: 'Let the codes of the pool live longer than the wait before the reminder.',
      ru: 'Пусть коды пула живут дольше, чем ожидание перед напоминанием.',
    },
  },
  promo_redeemed: { en: 'the promo code had been used', ru: 'промокод уже использован', next: nothing },
  promo_empty: {
    en: 'the pool had no promo code left',
    ru: 'в пуле не осталось промокодов',
    next: {
      en: 'Add codes: `POST /api/v1/promo-pools/{id}/codes`.',
      ru: 'Добавьте коды: `POST /api/v1/promo-pools/{id}/codes`.',
    },
  },
  no_promo_pool: {
    en: 'there is no pool of promo codes with the name in the settings',
    ru: 'пула промокодов с именем из настроек нет',
    next: {
      en: 'Make it (`POST /api/v1/promo-pools`), or name another in `promo` of the journey.',
      ru: 'Создайте его (`POST /api/v1/promo-pools`) или назовите другой в `promo` цепочки.',
    },
  },
  no_promo_size: {
    en: 'no size of the pool of promo codes was for this customer',
    ru: 'ни один размер промокодов пула не подошёл клиенту',
    next: { en: 'Give the pool a size for everybody.', ru: 'Добавьте в пул размер для всех.' },
  },
  no_alternatives: {
    en: 'there was nothing else to offer',
    ru: 'больше нечего было предложить',
    next: { en: 'Add goods of these categories.', ru: 'Добавьте товары этих категорий.' },
  },
  nothing_in_category: {
    en: 'nothing of the category was in stock',
    ru: 'в категории ничего не было в наличии',
    next: { en: 'Add goods to the category.', ru: 'Добавьте товары в категорию.' },
  },
  no_novelties: {
    en: 'there were no novelties in stock',
    ru: 'новинок в наличии не было',
    next: { en: 'Add goods to the catalogue.', ru: 'Добавьте товары в каталог.' },
  },
  no_categories: {
    en: 'there were not two categories to choose from',
    ru: 'не было двух категорий, чтобы выбирать',
    next: { en: 'Give goods in the catalogue their categories.', ru: 'Укажите категории товаров в каталоге.' },
  },
  nothing_to_confirm: {
    en: 'there was no subscription left to confirm',
    ru: 'подтверждать было уже нечего',
    next: nothing,
  },
  no_data: {
    en: 'what it was to be filled with is not kept any more',
    ru: 'данные для его заполнения уже не хранятся',
    next: { en: 'Send it again: `POST /api/v1/messages`.', ru: 'Отправьте его снова: `POST /api/v1/messages`.' },
  },
  not_held: {
    en: 'the item was not kept for the customer any more',
    ru: 'вещь больше не была отложена для клиента',
    next: nothing,
  },
  order_cancelled: { en: 'the order had been cancelled', ru: 'заказ уже отменён', next: nothing },
  replenishment_due: {
    en: 'the customer’s own goods are about to run out, and replenishment speaks of that',
    ru: 'у клиента кончаются его товары, и об этом скажет цепочка пополнения',
    next: nothing,
  },
  asked_lately: {
    en: 'the customer had been asked to confirm a short time before',
    ru: 'клиента недавно уже просили подтвердить подписку',
    next: {
      en: 'Nothing; `askAgainAfter` of the journey says when they are asked again.',
      ru: 'Ничего; когда спросить снова, говорит `askAgainAfter` цепочки.',
    },
  },
} as const satisfies Record<string, Said>;

/** Why a run ended before its end. */
const exits = {
  merged: {
    en: 'the customer was joined to another',
    ru: 'клиента объединили с другим',
    next: { en: 'Look at the customer who stays.', ru: 'Смотрите клиента, который остался.' },
  },
  erased: { en: 'the customer was erased', ru: 'данные клиента удалены', next: nothing },
  unsubscribed: unreachable.unsubscribed,
  stopped: { en: 'a person stopped it', ru: 'её остановил человек', next: nothing },
  order_cancelled: { en: 'its order was cancelled', ru: 'её заказ отменён', next: nothing },
  order_returned: { en: 'its order was given back', ru: 'её заказ возвращён', next: nothing },
} as const satisfies Record<string, Said>;

/** Why somebody who met a trigger did not enter. */
const notEntered = {
  unreachable: {
    en: 'the customer could not be written to on any channel',
    ru: 'клиенту нельзя было написать ни в одном канале',
    next: { en: 'See `reachability` of the customer.', ru: 'Посмотрите `reachability` клиента.' },
  },
  too_late: {
    en: 'the event came in too long after it had happened',
    ru: 'событие пришло слишком поздно',
    next: {
      en: 'Send events sooner, or set a longer `entryValidFor`.',
      ru: 'Присылайте события раньше или увеличьте `entryValidFor`.',
    },
  },
  disabled: {
    en: 'the journey was switched off',
    ru: 'цепочка была выключена',
    next: { en: 'Set `enabled` in its settings.', ru: 'Включите `enabled` в её настройках.' },
  },
  once: { en: 'the customer had been in it before', ru: 'клиент уже был в ней', next: nothing },
  has_model: { en: 'the customer had bought the new model', ru: 'клиент уже купил новую модель', next: nothing },
  stage_left: {
    en: 'the customer had ordered or left the stage before the start came',
    ru: 'клиент успел заказать или уйти из стадии до начала',
    next: nothing,
  },
  newer_order: { en: 'the customer had ordered again since', ru: 'клиент с тех пор заказал снова', next: nothing },
  order_cancelled: exits.order_cancelled,
  order_returned: exits.order_returned,
  merged: exits.merged,
  erased: exits.erased,
} as const satisfies Record<string, Said>;

/** What holds a message for a while. */
const holds = {
  policy: {
    en: 'the rule {rule} was full{contacts}',
    ru: 'по правилу {rule} мест не было{contacts}',
    next: {
      en: 'Nothing, or let the policy allow more (`settings/policy`).',
      ru: 'Ничего, или разрешите больше (`settings/policy`).',
    },
  },
  'policy:sale-share': {
    en: 'there were too many sale messages among the last ones',
    ru: 'среди последних сообщений слишком много о скидках',
    next: {
      en: 'Send something else in between, or change `sale` of the policy.',
      ru: 'Пусть между ними будут другие сообщения, или измените `sale`.',
    },
  },
  'policy:bulk-alone': {
    en: 'bulk goes only to who was sent nothing else lately',
    ru: 'массовая рассылка идёт лишь тем, кому давно ничего не слали',
    next: { en: 'Nothing, or change `bulkAlone` of the policy.', ru: 'Ничего, или измените `bulkAlone`.' },
  },
  'policy:bulk-excluded': {
    en: 'a journey of the customer keeps bulk away while it goes on',
    ru: 'пока идёт одна из цепочек клиента, массовых рассылок нет',
    next: nothing,
  },
  planned: {
    en: 'the place under the rule {rule} was held for {journey}, which plans a message{due}',
    ru: 'место по правилу {rule} занято цепочкой {journey}: у неё запланировано сообщение{due}',
    next: {
      en: 'Nothing: the higher class goes first. `…/plan` shows both.',
      ru: 'Ничего: старший класс идёт первым. Оба видны в `…/plan`.',
    },
  },
  quiet_hours: { en: 'it was quiet hours', ru: 'были тихие часы', next: nothing },
  best_time: {
    en: 'the customer’s best hour was to come',
    ru: 'лучший час клиента был ещё впереди',
    next: nothing,
  },
} as const satisfies Record<string, Said>;

const others = {
  ok: { en: 'nothing stood against it', ru: 'ничто не мешало', next: nothing },
  goal: {
    en: 'the goal of the journey was reached',
    ru: 'цель цепочки достигнута',
    next: nothing,
  },
  completed: { en: 'the journey had come to its end', ru: 'цепочка дошла до конца', next: nothing },
  nothing_left: {
    en: 'nothing was left to speak of',
    ru: 'говорить больше не о чем',
    next: nothing,
  },
  expired: {
    en: '{argument}, and after that it would have been too late{firstDue}',
    ru: '{argument}, а после этого было бы уже поздно{firstDue}',
    next: {
      en: 'Set a longer `validFor` for the message, or remove what held it.',
      ru: 'Увеличьте `validFor` сообщения или уберите то, что его держало.',
    },
  },
  'expired:late': {
    en: 'it was too late for it{firstDue}',
    ru: 'было уже поздно{firstDue}',
    next: {
      en: 'See whether a worker or the provider was away, or set a longer `validFor`.',
      ru: 'Проверьте, не стояли ли воркер или провайдер, или увеличьте `validFor`.',
    },
  },
  exited: { en: 'the run was ended ({argument})', ru: 'цепочку прервали ({argument})', next: nothing },
  changed: { en: 'something else was to be said', ru: 'сказать нужно было другое', next: nothing },
  failed: {
    en: 'the provider refused it',
    ru: 'провайдер отказал',
    next: { en: 'See the reason on the message.', ru: 'Причина — у сообщения.' },
  },
  unknown: {
    en: 'nobody knows whether it went, and marketing is not sent twice',
    ru: 'не известно, ушло ли оно, а рекламу дважды не шлют',
    next: { en: 'Ask the provider.', ru: 'Спросите у провайдера.' },
  },
  cascade: {
    en: 'the step waits before its next channel',
    ru: 'шаг ждёт перед следующим каналом',
    next: nothing,
  },
  queue: {
    en: 'their place in the queue of the item ended ({argument})',
    ru: 'место в очереди за вещью закончилось ({argument})',
    next: nothing,
  },
} as const satisfies Record<string, Said>;

export type UnreachableReason = keyof typeof unreachable;
export type UntrueReason = keyof typeof untrue;
export type NotEnteredReason = keyof typeof notEntered;
export type ExitReason = keyof typeof exits;
export type HoldReason = `policy:${string}` | `planned:${string}` | 'quiet_hours' | 'best_time';

/** What a line of the decision ledger may give as its reason. */
export type DecisionReason =
  | 'ok'
  | HoldReason
  | `expired:${HoldReason | 'late'}`
  | `unreachable:${UnreachableReason}`
  | UntrueReason
  | 'goal'
  | 'completed'
  | 'nothing_left'
  | `exited:${string}`;

/** Why a block was left; `drop:…`: by that decision. */
export type BlockReason = DecisionReason | `${string}:${DecisionReason}` | 'changed' | 'failed' | 'unknown';

function prefixed<Table extends Record<string, Said>>(prefix: string, table: Table): [string, Said][] {
  return Object.entries(table).map(([code, said]) => [`${prefix}:${code}`, said]);
}

/** Every code with what it says. Of a reason such as `policy:three-a-day` the code is the longest beginning that is here. */
export const reasons: ReadonlyMap<string, Said> = new Map<string, Said>([
  ...Object.entries(others),
  ...Object.entries(holds),
  ...Object.entries(untrue),
  ...prefixed('unreachable', unreachable),
  ...prefixed('exited', exits),
  ...prefixed('not_entered', notEntered),
]);

/** The code of a reason, with what stands behind it; null for what the table does not know. `drop:expired:…` of a block is the
 *  reason of the decision behind it. */
export function codeOf(reason: string): { code: string; said: Said; argument: string } | null {
  const bare = reason.replace(/^(?:skip|drop|suppress):/, '');
  const whole = reasons.get(bare);
  if (whole !== undefined) return { code: bare, said: whole, argument: '' };
  const [code = '', ...rest] = bare.split(':');
  const said = reasons.get(code);
  return said === undefined || rest.length === 0 ? null : { code, said, argument: rest.join(':') };
}
