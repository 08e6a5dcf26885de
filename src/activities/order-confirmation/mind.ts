import { nothing, untrue } from '#activities/content.ts';
import type { Candidate, Mind, Situation, Step, Upcoming } from '#activities/mind.ts';
import { settingsReader } from '#activities/settings-reader.ts';
import type { Facts } from '#db/facts.ts';
import { buyerContact, orderTold } from '#db/order-news.ts';
import { durationMs } from '#domain/duration.ts';
import { type OrderStep, readOrderKey } from '#domain/order-state.ts';
import { contract } from '#workflows/order-confirmation/contract.ts';
import { settings } from '#workflows/order-confirmation/settings.ts';
import { advertised } from './advertised.ts';
import { orderModel } from './model.ts';

/** Facts with the order and the step that the run tells of; null where its key names none. */
type OrderFacts = Facts & { about: { orderId: string; step: OrderStep } | null };

const about = (facts: Facts) => (facts as OrderFacts).about;
const isDone = (progress: unknown) => (progress as { done?: true } | null)?.done === true;

const settingsOf = settingsReader(settings, ({ entryValidFor, validFor, ...rest }) => ({
  ...rest,
  entryValidForMs: durationMs(entryValidFor),
  validForMs: durationMs(validFor),
}));

const messages = {
  placed: 'order-confirmed',
  shipped: 'order-shipped',
  ready: 'order-ready',
  delivered: 'order-delivered',
  cancelled: 'order-cancelled',
  refunded: 'order-refunded',
} as const satisfies Record<OrderStep, keyof typeof contract.messages>;

function upcoming({ facts, triggerAt }: Situation, step: OrderStep): Upcoming {
  const { validForMs, cascade } = settingsOf(facts);
  return { message: messages[step], firstDue: triggerAt, validForMs, cascade };
}

function step(situation: Situation): Step {
  const { facts, progress } = situation;
  const order = about(facts);
  if (order === null || isDone(progress)) return { do: 'nothing', why: 'completed' };
  return { do: 'send', block: order.step, iteration: 1, refs: [], progress, ...upcoming(situation, order.step) };
}

/** Whether the order has come to nothing since: then nobody is told that it comes. */
function isOver(step: OrderStep, state: string | undefined): boolean {
  return (state === 'cancelled' || state === 'refunded') && ['placed', 'shipped', 'ready'].includes(step);
}

/** One step of one order. */
export const mind: Mind = {
  contract,
  async load(trx, facts, key) {
    const order = readOrderKey(key);
    const contact = order && (await buyerContact(trx, facts.customer.id, order.orderId));
    return { ...facts, about: order, contact: contact ?? facts.contact } as OrderFacts;
  },
  isEnabled(facts) {
    const order = about(facts);
    const { enabled, steps } = settingsOf(facts);
    return enabled && order !== null && steps.includes(order.step);
  },
  entryValidForMs: (facts) => settingsOf(facts).entryValidForMs,
  step,
  done: () => ({ done: true }),
  first(situation) {
    const order = about(situation.facts);
    const named = order && { block: order.step, upcoming: upcoming(situation, order.step) };
    return { block: 'placed', until: situation.now, upcoming: null, ...named };
  },
  afterOrder: () => 'goes_on',
  deservesAnother: () => false,
  async compose(trx, situation, candidate) {
    const order = about(situation.facts);
    if (order === null) return untrue('no_data');
    const told = await orderTold(trx, order.orderId, order.step);
    if (isOver(order.step, told.order?.state)) return untrue('order_cancelled');
    const data = orderModel(order.orderId, told, situation.shop);
    const products = told.lines.map(({ product }) => product);
    const more = order.step === 'placed' ? await moreFor(trx, situation, candidate, products) : [];
    return { ...nothing, data, more };
  },
};

function moreFor(trx: Parameters<Mind['compose']>[0], situation: Situation, candidate: Candidate, products: string[]) {
  const { recommend, recommendTo } = settingsOf(situation.facts);
  return advertised(trx, situation, candidate, { recommend, recommendTo, products });
}
