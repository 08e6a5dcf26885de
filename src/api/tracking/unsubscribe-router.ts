import { type Request, type Response, Router, raw } from 'express';
import { type ConsentWord, type Preference, preferenceOf, resubscribe, unsubscribe } from '#db/consents.ts';
import { currentSettings } from '#db/settings.ts';
import type { Contract } from '#domain/journey.ts';
import { defaultShop, type Locale, localeOf } from '#domain/shop.ts';
import { readToken } from '#rendering/tokens.ts';
import { contracts } from '#workflows/catalogue.ts';
import type { TrackingDeps } from './deps.ts';
import { localeOfRequest, masked, type PageContent, sendPage } from './pages.ts';

/** Service messages are no advertising: their journeys go on. */
const advertising = Object.values<Contract>(contracts)
  .filter((contract) => contract.class !== 'service')
  .map((contract) => contract.name);

/** Journeys of a profile's activity, which who is reachable again may be in at once. */
const followingActivity = Object.values<Contract>(contracts)
  .filter((contract) => contract.class !== 'service' && contract.key === 'profile')
  .map((contract) => contract.name);

type TokenRequest = Request<{ token: string }>;

/** `GET /u/:token` shows what is and a button; only `POST /u/:token` changes something, for scanners follow links. The POST
 *  is the page's form or a mail program's one click (RFC 8058): no cookie, the token is the authority. */
export function unsubscribeRouter(deps: TrackingDeps): Router {
  const router = Router();
  const answer =
    (act: (request: TokenRequest, response: Response, known: Known) => Promise<void>) =>
    async (request: TokenRequest, response: Response) => {
      try {
        const known = await lookUp(deps, request.params.token);
        if (known) await act(request, response, known);
        else sendPage(response, 404, localeOfRequest(request), { say: 'bad-link' });
      } catch (error) {
        deps.log.error({ err: error }, 'A preference page could not be answered');
        sendPage(response, 503, localeOfRequest(request), { say: 'unavailable' });
      }
    };
  router.get(
    '/u/:token',
    answer(async (_request, response, known) => show(response, known, known.subscribed ? 'ask' : 'unsubscribed')),
  );
  router.post(
    '/u/:token',
    raw({ type: () => true, limit: '64kb' }),
    answer((request, response, known) => change(deps, request, response, known)),
  );
  return router;
}

interface Known extends Preference {
  messageId: string;
  page: { shop: string; locale: Locale };
}

async function lookUp({ db, secret }: TrackingDeps, text: string): Promise<Known | null> {
  const token = readToken(secret, text, 'u');
  const preference = token && (await preferenceOf(db, token.messageId));
  if (!preference) return null;
  const shop = { ...defaultShop, ...shopOf((await currentSettings(db, 'shop'))?.value) };
  return {
    ...preference,
    messageId: token.messageId,
    page: { shop: shop.name, locale: localeOf(preference.locale, shop) },
  };
}

function shopOf(value: unknown): { name?: string } {
  if (typeof value !== 'object' || value === null || !('name' in value)) return {};
  return typeof value.name === 'string' ? { name: value.name } : {};
}

function show(response: Response, { page, address }: Known, say: 'ask' | 'unsubscribed' | 'resubscribed'): void {
  const content: PageContent = { say, shop: page.shop, address: address === null ? null : masked(address) };
  sendPage(response, 200, page.locale, content);
}

/** Answers when it is committed. Whatever is posted that does not ask to subscribe again unsubscribes: a person who meant
 *  to leave must not stay because of how their mail program writes forms. */
async function change(deps: TrackingDeps, request: TokenRequest, response: Response, known: Known): Promise<void> {
  const fields = await formOf(request);
  const oneClick = fields?.get('List-Unsubscribe') === 'One-Click';
  const { customerId, channel, messageId } = known;
  const word: ConsentWord = {
    customerId,
    channel,
    messageId,
    source: oneClick ? 'one-click' : 'page',
    ip: request.ip ?? null,
    at: deps.clock.now(),
  };
  if (fields?.get('action') === 'resubscribe' && !known.erased) {
    const starts = await resubscribe(deps.db, word, followingActivity);
    show(response, known, 'resubscribed');
    void deps.relay.push(starts);
    return;
  }
  const rows = await unsubscribe(deps.db, word, advertising);
  if (oneClick) response.status(200).set('Cache-Control', 'no-store').type('text/plain').end('Unsubscribed.\n');
  else show(response, known, 'unsubscribed');
  void deps.relay.push(rows);
}

/** The form, urlencoded or multipart; null where it is neither. */
async function formOf(request: TokenRequest): Promise<FormData | null> {
  const type = request.headers['content-type'];
  if (type === undefined || !Buffer.isBuffer(request.body)) return null;
  return new globalThis.Response(new Uint8Array(request.body), { headers: { 'content-type': type } })
    .formData()
    .catch(() => null);
}
