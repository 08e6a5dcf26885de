import { type Response, Router } from 'express';
import { consentRules } from '#api/advertising.ts';
import { escapeHtml } from '#api/html.ts';
import { say } from '#db/consents.ts';
import { unconfirmedChannels } from '#db/opt-ins.ts';
import type { TrackingDeps } from './deps.ts';
import { type Page, sendPage, sendProblem } from './pages.ts';
import { words } from './preference-words.ts';
import { type Reader, readerOf, type TokenRequest } from './reader.ts';

/** `GET /confirm/:token` shows a button, whose POST confirms a subscription: scanners follow links, and must not subscribe. */
export function confirmRouter(deps: TrackingDeps): Router {
  const router = Router();
  const answer =
    (act: (request: TokenRequest, response: Response, reader: Reader) => Promise<void>) =>
    async (request: TokenRequest, response: Response) => {
      try {
        const reader = await readerOf(deps, request, 'y');
        if (reader) await act(request, response, reader);
        else sendProblem(request, response, 'bad-link');
      } catch (error) {
        deps.log.error({ err: error }, 'A confirmation could not be answered');
        sendProblem(request, response, 'unavailable');
      }
    };
  router.get(
    '/confirm/:token',
    answer((_request, response, reader) => ask(deps, response, reader)),
  );
  router.post(
    '/confirm/:token',
    answer((request, response, reader) => confirm(deps, request, response, reader)),
  );
  return router;
}

async function ask({ db }: TrackingDeps, response: Response, reader: Reader): Promise<void> {
  const channels = await unconfirmedChannels(db, reader.message.customerId);
  if (channels.length === 0) return sendPage(response, 200, pageOf(reader, 'nothingToConfirm'));
  const { confirm, channels: names } = words[reader.locale];
  const list = channels.map((channel) => names[channel]).join(', ');
  const button = `<form method="post"><button>${escapeHtml(confirm.button)}</button></form>`;
  sendPage(response, 200, pageOf(reader, 'confirm', `<p class="after">${escapeHtml(list)}</p>\n${button}`));
}

function pageOf({ shop, locale }: Reader, what: 'confirm' | 'confirmed' | 'nothingToConfirm', more = ''): Page {
  const { title, text } = words[locale][what];
  return { locale, title, shop: shop.name, body: `<p>${escapeHtml(text)}</p>\n${more}`, hasLanguages: true };
}

/** Answers when it is committed. What waits no more is not confirmed again: an old link does not undo a no. */
async function confirm(deps: TrackingDeps, request: TokenRequest, response: Response, reader: Reader): Promise<void> {
  const { message, shop } = reader;
  let isConfirmed = false;
  const { rows } = await say(
    deps.db,
    {
      customerId: message.customerId,
      words: ({ unconfirmed }) => {
        isConfirmed = unconfirmed.length > 0;
        return unconfirmed.map((channel) => ({ purpose: 'advertising', channel, topic: '*', state: 'granted' }));
      },
      messageId: message.id,
      source: 'confirmation',
      ip: request.ip ?? null,
      at: deps.clock.now(),
      keepAll: true,
    },
    consentRules(shop),
  );
  sendPage(response, 200, pageOf(reader, isConfirmed ? 'confirmed' : 'nothingToConfirm'));
  void deps.relay.push(rows);
}
