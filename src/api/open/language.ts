import type { Request } from 'express';
import { type Locale, locales } from '#domain/shop.ts';

/** The language of words in an answer: asked for in the query, else by `Accept-Language`, else English. */
export function languageOf(request: Request, lang: Locale | undefined): Locale {
  const accepted = request.acceptsLanguages([...locales]);
  return lang ?? locales.find((locale) => locale === accepted) ?? 'en';
}
