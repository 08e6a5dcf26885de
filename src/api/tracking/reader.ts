import type { Request } from 'express';
import { type AddressedMessage, addressedMessage } from '#db/consents.ts';
import { currentShop } from '#db/settings.ts';
import { type Locale, localeOf, locales, type ShopSettings } from '#domain/shop.ts';
import { readToken, type TokenPurpose } from '#rendering/tokens.ts';
import type { TrackingDeps } from './deps.ts';

export type TokenRequest = Request<{ token: string }>;

/** Whoever holds a link of a message, and how to speak to them. */
export interface Reader {
  message: AddressedMessage;
  shop: ShopSettings;
  locale: Locale;
}

/** Null where the token is none of ours. `?lang=` wins over the message's language. */
export async function readerOf(
  { db, secret }: TrackingDeps,
  request: TokenRequest,
  purpose: TokenPurpose,
): Promise<Reader | null> {
  const token = readToken(secret, request.params.token, purpose);
  const message = token && (await addressedMessage(db, token.messageId));
  if (!message) return null;
  const shop = await currentShop(db);
  const asked = locales.find((locale) => locale === request.query.lang);
  return { message, shop, locale: asked ?? localeOf(message.locale, shop) };
}
