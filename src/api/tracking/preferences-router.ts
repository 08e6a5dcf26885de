import { type Response, Router, raw } from 'express';
import { consentRules } from '#api/advertising.ts';
import { type Said, say } from '#db/consents.ts';
import { contactabilityOf } from '#db/contactability.ts';
import { channelFacts } from '#domain/channels.ts';
import { type Word, wordsFor } from '#domain/consent.ts';
import { channelNames } from '#domain/journey.ts';
import { type Contactability, reachOf } from '#domain/reach.ts';
import { topics } from '#domain/topics.ts';
import type { TrackingDeps } from './deps.ts';
import { masked, sendPage, sendProblem } from './pages.ts';
import { type Choice, type Done, erasedPage, preferencePage } from './preference-page.ts';
import { type Reader, readerOf, type TokenRequest } from './reader.ts';

/** `GET /u/:token` shows what a customer gets and lets them choose; only `POST /u/:token` changes something, for scanners
 *  follow links. The POST is the page's form or a mail program's one click (RFC 8058): no cookie, the token is the authority. */
export function preferencesRouter(deps: TrackingDeps): Router {
  const router = Router();
  const answer =
    (act: (request: TokenRequest, response: Response, reader: Reader) => Promise<void>) =>
    async (request: TokenRequest, response: Response) => {
      try {
        const reader = await readerOf(deps, request, 'u');
        if (reader) await act(request, response, reader);
        else sendProblem(request, response, 'bad-link');
      } catch (error) {
        deps.log.error({ err: error }, 'A preference page could not be answered');
        sendProblem(request, response, 'unavailable');
      }
    };
  router.get(
    '/u/:token',
    answer((_request, response, reader) => show(deps, response, reader, null)),
  );
  router.post(
    '/u/:token',
    raw({ type: () => true, limit: '64kb' }),
    answer((request, response, reader) => change(deps, request, response, reader)),
  );
  return router;
}

async function show({ db }: TrackingDeps, response: Response, reader: Reader, done: Done): Promise<void> {
  const { message, shop, locale } = reader;
  if (message.isErased) sendPage(response, 200, erasedPage(shop, locale));
  else {
    const profiles = (await contactabilityOf(db, message.customerId)).map(({ known }) => known);
    sendPage(response, 200, preferencePage(choiceOf(reader, profiles), done));
  }
}

/** The channels that the shop uses and the customer has an address on, and the one that their message came by. */
function choiceOf({ message, shop, locale }: Reader, profiles: readonly Contactability[]): Choice {
  const offered = channelNames.flatMap((channel) => {
    const found = profiles.map((known) => reachOf(known, channel).address);
    const addresses = new Set([channel === message.channel ? message.address : null, ...found]);
    addresses.delete(null);
    const isOffered = channel === message.channel || (shop.channels.includes(channel) && addresses.size > 0);
    // Who has the link need not be who it was sent to.
    const isReadable = ['email', 'phone'].includes(channelFacts[channel].address);
    const shown = isReadable ? [...addresses].map((address) => masked(address ?? '')) : [];
    return isOffered ? [{ channel, addresses: [...new Set(shown)] }] : [];
  });
  const [known] = profiles;
  if (known === undefined) throw new Error(`customer ${message.customerId} is not there`);
  return { known, channels: offered, shop, locale };
}

/** Answers when it is committed. Whatever is posted that is no choice unsubscribes from the message's channel: a person who
 *  meant to leave must not stay because of how their mail program writes forms. */
async function change(deps: TrackingDeps, request: TokenRequest, response: Response, reader: Reader): Promise<void> {
  const { message, shop } = reader;
  const fields = await formOf(request);
  const { words, source, done } = wordsOf(fields, reader);
  const said: Said = {
    customerId: message.customerId,
    words,
    messageId: message.id,
    source,
    ip: request.ip ?? null,
    at: deps.clock.now(),
  };
  const { rows } = await say(deps.db, said, consentRules(shop));
  if (source === 'one-click') {
    response.status(200).set('Cache-Control', 'no-store').type('text/plain').end('Unsubscribed.\n');
  } else await show(deps, response, reader, done);
  void deps.relay.push(rows);
}

interface Asked {
  words: Said['words'];
  source: 'one-click' | 'page';
  done: Done;
}

function wordsOf(fields: FormData | null, { message: { channel }, shop }: Reader): Asked {
  const purpose = 'advertising';
  const denied: Word = { purpose, channel, topic: '*', state: 'denied' };
  if (fields?.get('List-Unsubscribe') === 'One-Click')
    return { words: () => [denied], source: 'one-click', done: null };
  switch (fields?.get('action')) {
    case 'save':
      return { words: (known) => chosen(fields, known, shop), source: 'page', done: 'saved' };
    case 'resubscribe':
      return { words: () => [{ ...denied, state: 'granted' }], source: 'page', done: 'resubscribed' };
    case 'unsubscribe':
      return { words: () => [{ ...denied, channel: '*' }], source: 'page', done: null };
    default:
      return { words: () => [denied], source: 'page', done: null };
  }
}

/** Only of channels that the page showed: what it did not show was not refused by leaving it empty. */
function chosen(fields: FormData, known: Contactability, shop: Reader['shop']): Word[] {
  const shown = new Set(fields.getAll('channel'));
  const wanted = new Set(fields.getAll('want'));
  return channelNames
    .filter((channel) => shown.has(channel))
    .flatMap((channel) => {
      const picked = topics.filter((topic) => wanted.has(`${channel}:${topic}`));
      return wordsFor(known, shop, channel, new Set(picked));
    });
}

/** The form, urlencoded or multipart; null where it is neither. */
async function formOf(request: TokenRequest): Promise<FormData | null> {
  const type = request.headers['content-type'];
  if (type === undefined || !Buffer.isBuffer(request.body)) return null;
  return new globalThis.Response(new Uint8Array(request.body), { headers: { 'content-type': type } })
    .formData()
    .catch(() => null);
}
