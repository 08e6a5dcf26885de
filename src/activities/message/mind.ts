import { nothing, untrue } from '#activities/content.ts';
import type { Mind, Situation, Step, Upcoming } from '#activities/mind.ts';
import { settingsReader } from '#activities/settings-reader.ts';
import { textsOf } from '#activities/texts.ts';
import type { Facts } from '#db/facts.ts';
import { openData, type RequestRead, readRequest } from '#db/message-requests.ts';
import { wakingMs } from '#domain/decide.ts';
import { contract } from '#workflows/message/contract.ts';
import { settings } from '#workflows/message/settings.ts';
import { testContent } from './test-content.ts';

/** Facts with what was asked for; null where it was erased with its customer. */
type RequestFacts = Facts & { asked: RequestRead | null };

const asked = (facts: Facts) => (facts as RequestFacts).asked;
const settingsOf = settingsReader(settings, ({ enabled }) => ({ enabled }));
const isDone = (progress: unknown) => (progress as { done?: true } | null)?.done === true;

function upcoming({ template, requestedAt, validForMs, cascade }: RequestRead): Upcoming {
  // To the second: a link that has expired must not go because its run woke late.
  return { message: template, firstDue: requestedAt.getTime(), validForMs: validForMs - wakingMs, cascade };
}

/** A block of their own, so that no count of what customers get has tests in it. */
const blockOf = (request: RequestRead | null) => (request?.isTest ? 'test' : 'send');

function step({ facts, progress }: Situation): Step {
  const request = asked(facts);
  if (request === null || isDone(progress)) return { do: 'nothing', why: 'completed' };
  // Whoever asked was told this id; it is the first channel's.
  const id = request.isIdTaken ? {} : { id: request.id };
  return { do: 'send', block: blockOf(request), iteration: 1, refs: [], progress, ...id, ...upcoming(request) };
}

/** One message, as it was asked for, at once. */
export const mind: Mind = {
  contract,
  async load(trx, facts, key) {
    const request = await readRequest(trx, key);
    if (request === null) return Object.assign(facts, { asked: null });
    const { contact, locale } = request;
    const customer = { ...facts.customer, locale: locale ?? facts.customer.locale };
    return { ...facts, asked: request, contact, customer } as RequestFacts;
  },
  isEnabled: (facts) => asked(facts) !== null && settingsOf(facts).enabled,
  entryValidForMs: (facts) => asked(facts)?.validForMs ?? 0,
  step,
  done: () => ({ done: true }),
  first({ facts, now }) {
    const request = asked(facts);
    return { block: blockOf(request), until: now, upcoming: request && upcoming(request) };
  },
  afterOrder: () => 'goes_on',
  deservesAnother: () => false,
  async compose(trx, situation, _candidate, deps) {
    const { facts, shop } = situation;
    const request = asked(facts);
    const data = request && openData(request.data, request.id, deps.secret);
    if (!request || !data) return untrue('no_data');
    if (request.isTest) return testContent(trx, situation, { request, about: data.about }, deps);
    return { ...nothing, data, ...(await textsOf(trx, deps, request, { locale: facts.customer.locale, shop })) };
  },
};
