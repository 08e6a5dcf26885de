import { line, nothing, untrue } from '#activities/content.ts';
import type { Mind, Situation, Step, Upcoming } from '#activities/mind.ts';
import type { Facts } from '#db/facts.ts';
import { newsOf } from '#db/wish-news/read.ts';
import { isOpen, type Told, tellable, type WishNews } from '#domain/wish-news.ts';
import type { GoodsLine } from '#rendering/model.ts';
import { contract, type MessageName } from '#workflows/item-event/contract.ts';
import { settingsOf } from './settings.ts';

/** So many items a message shows, of each kind. */
const most = 8;

/** Facts with what the customer is to be told of. */
type NewsFacts = Facts & { news: WishNews[] };

/** A run's memory: what it has looked at for its message, and whether that was sent, skipped or dropped. By what it was and not by when: what
 *  another process had dated before the look may have been committed after it. */
interface Progress {
  seen: string[];
  done: boolean;
}

const newsIn = (facts: Facts) => (facts as NewsFacts).news;
const memory = (progress: unknown): Progress => ({ seen: [], done: false, ...(progress as Progress | null) });
const nameOf = ({ cause, product, at }: WishNews) => `${cause} ${at} ${product}`;
const rulesOf = ({ facts, now }: Pick<Situation, 'facts' | 'now'>) => ({ ...settingsOf(facts).rules, now });

/** What is still to be told, in stock now or not. */
const open = (situation: Situation) => newsIn(situation.facts).filter((one) => isOpen(one, rulesOf(situation)));

const told = (situation: Situation): Told => tellable(newsIn(situation.facts), rulesOf(situation));

/** What the customer asked for goes before what is cheaper. Where nothing is true now, the message that is skipped is that of the news. */
function messageOf(situation: Situation): MessageName {
  const { returned, cheaper } = told(situation);
  if (returned.length + cheaper.length > 0) return returned.length > 0 ? 'back-in-stock' : 'price-drop';
  return open(situation).some(({ cause }) => cause === 'stock') ? 'back-in-stock' : 'price-drop';
}

function upcoming(situation: Situation): Upcoming {
  const { collectMs, validForMs, cascade } = settingsOf(situation.facts);
  return { message: messageOf(situation), firstDue: situation.triggerAt + collectMs, validForMs, cascade };
}

function step(situation: Situation): Step {
  const { now, progress } = situation;
  if (memory(progress).done) return { do: 'nothing', why: 'completed' };
  const news = open(situation);
  if (news.length === 0) return { do: 'nothing', why: 'nothing_left' };
  const next = upcoming(situation);
  if (next.firstDue > now) return { do: 'wait', block: 'news', until: next.firstDue, upcoming: next, progress };
  const { returned, cheaper } = told(situation);
  const refs = (next.message === 'back-in-stock' ? returned : cheaper).slice(0, most).map(({ product }) => product);
  return { do: 'send', block: 'news', iteration: 1, refs, progress: { seen: news.map(nameOf), done: false }, ...next };
}

/** Items as letters show them. */
const linesOf = (news: readonly WishNews[]): GoodsLine[] =>
  news.slice(0, most).flatMap(({ good }) => (good === null ? [] : [line(good)]));

/** What is cheaper stands beside what it cost before. */
const cheaperLines = (news: readonly WishNews[]): GoodsLine[] =>
  news
    .slice(0, most)
    .flatMap(({ good, wasPrice, currency }) =>
      good === null ? [] : [{ ...line(good), oldPrice: { amount: Math.max(wasPrice, good.oldPrice ?? 0), currency } }],
    );

/** Item events (J15): one message of all that has become true within a while, and still is. */
export const mind: Mind = {
  contract,
  async load(trx, facts): Promise<NewsFacts> {
    const { waitersHearPrices } = settingsOf(facts);
    const { id: customerId, region } = facts.customer;
    return { ...facts, news: await newsOf(trx, { customerId, region, waitersHearPrices }) };
  },
  isEnabled: (facts) => settingsOf(facts).enabled,
  entryValidForMs: (facts) => settingsOf(facts).entryValidForMs,
  step,
  done: (progress): Progress => ({ ...memory(progress), done: true }),
  first(situation) {
    // An earlier run has told of it already, or it is bought: that is found out at once, not after half an hour.
    if (open(situation).length === 0) return { block: 'news', until: situation.now, upcoming: null };
    const next = upcoming(situation);
    return { block: 'news', until: next.firstDue, upcoming: next };
  },
  // An order of other things leaves something to speak of.
  afterOrder(situation) {
    const { triggerAt } = situation;
    const isBought = newsIn(situation.facts).some(({ boughtAt }) => boughtAt !== null && boughtAt >= triggerAt);
    return isBought && open(situation).length === 0 ? 'ends' : 'goes_on';
  },
  deservesAnother: () => false,
  /** What came while the message was on its way: the start that came with it was the run's own. */
  leavesBehind(situation) {
    const { seen, done } = memory(situation.progress);
    return done && open(situation).some((one) => !seen.includes(nameOf(one)));
  },
  async compose(_, situation, { message }) {
    const { returned, cheaper } = told(situation);
    if (returned.length + cheaper.length === 0) return untrue('no_goods');
    if (message === 'price-drop') return { ...nothing, goods: cheaperLines(cheaper) };
    return { ...nothing, goods: linesOf(returned), more: cheaperLines(cheaper) };
  },
};
