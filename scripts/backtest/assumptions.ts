import type { OrderMapping } from '#scripts/files/mapping.ts';
import type { BacktestOptions } from './options.ts';
import type { Period } from './play.ts';
import type { About } from './prepare.ts';

/** What a backtest takes for granted, in sentences for the report. */
export function assumptionsOf({
  options,
  about,
  mapping,
  period,
}: {
  options: Pick<BacktestOptions, 'reachable'>;
  about: About;
  mapping: OrderMapping;
  period: Period;
}): string[] {
  const isOrders = about.format === 'orders';
  return [
    'Nobody of the record has seen these messages: their orders came without them. What follows a message is coincidence, not effect.',
    'Nobody opens or clicks: no best hour is learnt, and a cascade goes on as if nothing had been read.',
    'Goods are known from the record alone, from when it first names them, at the first price, and are never sold out.',
    'Before its first event the record is silent: earlier orders, consents and messages are not known.',
    ...(period.from > about.from.slice(0, 10)
      ? [`What was before ${period.from} is history: it is known, and no journey begins.`]
      : []),
    ...(options.reachable === 'all'
      ? ['Everybody with an id can be written to by e-mail (--reachable all): a real shop reaches fewer.']
      : []),
    ...(isOrders
      ? ['The file has orders alone: journeys that begin with a visit, a cart or a subscription cannot begin.']
      : []),
    ...(isOrders && mapping.signUp === 'first-order'
      ? ['With their first order in the file customers sign up, a second after it (mapping signUp: first-order).']
      : []),
  ];
}
