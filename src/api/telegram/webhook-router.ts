import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type RequestHandler, Router } from 'express';
import type { Update } from 'grammy/types';
import type { ApiDeps } from '#api/deps.ts';
import { Problem } from '#api/problems.ts';
import { Overloaded } from '#db/intake.ts';
import { isRecord } from '#domain/shapes.ts';

const secretHeader = 'X-Telegram-Bot-Api-Secret-Token';

/** `POST /webhooks/telegram`: 200 means that what the update changes is committed. Closed without a secret; the secret is looked
 *  at before anything of the body is. */
export function telegramRouter({ telegram }: Pick<ApiDeps, 'telegram'>): Router {
  const router = Router();
  const json = express.json({ limit: '1mb', type: () => true });
  router.post('/webhooks/telegram', onlyTelegram(telegram), json, async (request, response) => {
    if (!isUpdate(request.body)) throw new Problem('malformed_request');
    await telegram?.handle(request.body).catch((error: unknown) => {
      throw error instanceof Overloaded ? new Problem('overloaded', { headers: { 'Retry-After': '1' } }) : error;
    });
    response.json({ success: true });
  });
  return router;
}

function onlyTelegram(telegram: ApiDeps['telegram']): RequestHandler {
  const secret = telegram?.webhookSecret ?? null;
  return (request, _response, next) => {
    if (secret === null) throw new Problem('telegram_closed');
    if (!isSame(request.get(secretHeader) ?? '', secret)) throw new Problem('wrong_signature');
    next();
  };
}

/** In constant time, whatever the lengths. */
function isSame(given: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}

function isUpdate(body: unknown): body is Update {
  return isRecord(body) && Number.isSafeInteger(body.update_id);
}
