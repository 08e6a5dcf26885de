import { z } from 'zod';
import { consentRules } from '#api/advertising.ts';
import { consentHistory, say, statesOf } from '#db/consents.ts';
import { unconfirmedChannels } from '#db/opt-ins.ts';
import { currentShop } from '#db/settings.ts';
import { decodeCursor, page, timeCursor } from './cursor.ts';
import { gone, living, params, tag } from './customers.ts';
import { route } from './route.ts';
import { paging } from './schemas/common.ts';
import { consentAnswer, consentInput, consentList } from './schemas/consents.ts';

const history = route({
  method: 'get',
  path: '/customers/{id}/consents',
  tag,
  summary: 'Every word of a customer on being written to, newest first',
  description: 'A record that only grows: who allowed what, by which text, where, when. It outlives what holds now.',
  params,
  query: z.strictObject(paging),
  answer: consentList,
  problems: [...gone, 'invalid_cursor'],
  async handle({ params, query: { limit, cursor }, deps }) {
    const before = decodeCursor(cursor, timeCursor);
    const { ids } = await living(deps, params.id);
    return page(await consentHistory(deps.db, ids, before, limit + 1), limit, ({ at, id }) => [at, id]);
  },
});

const tell = route({
  method: 'post',
  path: '/customers/{id}/consents',
  tag,
  summary: 'What a customer has said about being written to',
  description:
    'All words of one form at once: they are kept together or not at all, and hold when this is answered. A no ends what ' +
    'nobody wants to hear of any more; a yes on a channel of `doubleOptIn` waits until the customer confirms it by a letter.',
  params,
  body: consentInput,
  example: {
    source: 'checkout',
    ip: '203.0.113.7',
    words: [
      { purpose: 'personal_data', state: 'granted', textVersion: 'privacy-3' },
      { purpose: 'advertising', channel: 'email', state: 'granted', textVersion: 'ads-2' },
    ],
  },
  answer: consentAnswer,
  problems: gone,
  async handle({ params, body: { source, ip, confirmed, words }, deps }) {
    const { id } = await living(deps, params.id);
    const now = deps.clock.now();
    const said = words.map(({ at, ...word }) => ({ ...word, at: at === undefined || at > now ? now : at }));
    const { rows } = await say(
      deps.db,
      {
        customerId: id,
        words: () => said.map(({ textVersion = null, ...word }) => ({ ...word, textVersion })),
        messageId: null,
        source,
        ip: ip ?? null,
        at: now,
        keepAll: true,
        needsConfirmation: !confirmed,
      },
      consentRules(await currentShop(deps.db)),
    );
    void deps.relay.push(rows);
    const [states, pending] = await Promise.all([statesOf(deps.db, id), unconfirmedChannels(deps.db, id)]);
    return { states: states.map((state) => ({ ...state, at: new Date(state.at) })), pending };
  },
});

export const consentRoutes = [history, tell];
