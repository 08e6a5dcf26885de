import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import { type Locale, locales } from '#domain/shop.ts';

/** What a page is about. `address` is masked already, null after erasure. */
export type PageContent =
  | { say: 'ask' | 'unsubscribed' | 'resubscribed'; shop: string; address: string | null }
  | { say: 'bad-link' | 'unavailable' };

interface Words {
  title: string;
  text: string;
  button?: { label: string; action: 'unsubscribe' | 'resubscribe'; quiet: boolean };
}

/** `{address}` is put in; a text with an address has a second form for when there is none. */
const words: Record<Locale, Record<PageContent['say'], Words & { without?: string }>> = {
  en: {
    ask: {
      title: 'Unsubscribe?',
      text: 'We write to {address}. If you unsubscribe, advertising e-mails stop at once. Messages about your orders still come.',
      without: 'If you unsubscribe, advertising e-mails stop at once. Messages about your orders still come.',
      button: { label: 'Unsubscribe', action: 'unsubscribe', quiet: false },
    },
    unsubscribed: {
      title: 'You are unsubscribed',
      text: 'No more advertising e-mails go to {address}. Messages about your orders still come.',
      without: 'You get no more advertising e-mails. Messages about your orders still come.',
      button: { label: 'That was a mistake: subscribe again', action: 'resubscribe', quiet: true },
    },
    resubscribed: {
      title: 'You are subscribed again',
      text: 'We will write to {address} as before. Good to have you back.',
      without: 'We will write to you as before. Good to have you back.',
      button: { label: 'Unsubscribe', action: 'unsubscribe', quiet: true },
    },
    'bad-link': {
      title: 'This link does not work',
      text: 'It may have been cut off on its way. Please open it from the message itself, or copy the whole address.',
    },
    unavailable: {
      title: 'Please try again in a minute',
      text: 'We cannot answer right now. Nothing was changed; reload this page in a minute.',
    },
  },
  ru: {
    ask: {
      title: 'Отписаться от рассылки?',
      text: 'Мы пишем на {address}. Если вы отпишетесь, рекламные письма сразу перестанут приходить. Письма о ваших заказах останутся.',
      without: 'Если вы отпишетесь, рекламные письма сразу перестанут приходить. Письма о ваших заказах останутся.',
      button: { label: 'Отписаться', action: 'unsubscribe', quiet: false },
    },
    unsubscribed: {
      title: 'Вы отписались',
      text: 'Рекламные письма больше не приходят на {address}. Письма о ваших заказах останутся.',
      without: 'Рекламные письма вам больше не приходят. Письма о ваших заказах останутся.',
      button: { label: 'Вернуть подписку', action: 'resubscribe', quiet: true },
    },
    resubscribed: {
      title: 'Вы снова подписаны',
      text: 'Мы будем писать на {address}, как раньше. Рады, что вы с нами.',
      without: 'Мы будем писать вам, как раньше. Рады, что вы с нами.',
      button: { label: 'Отписаться', action: 'unsubscribe', quiet: true },
    },
    'bad-link': {
      title: 'Ссылка не работает',
      text: 'Возможно, она пришла не целиком. Откройте её из самого письма или скопируйте адрес полностью.',
    },
    unavailable: {
      title: 'Попробуйте через минуту',
      text: 'Сейчас мы не можем ответить. Ничего не изменилось; обновите страницу через минуту.',
    },
  },
};

const style = `
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #5b616a; --paper: #fff; --ground: #f3f4f6; --line: #d5d9de; --strong: #1c1e21; --on-strong: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #eceef1; --soft: #a6adb7; --paper: #1f2226; --ground: #141619; --line: #3a3f46; --strong: #eceef1; --on-strong: #1c1e21 } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px 16px; background: var(--ground); color: var(--ink); font: 17px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif }
main { width: 100%; max-width: 460px; padding: 40px 36px; background: var(--paper); border: 1px solid var(--line); border-radius: 14px }
.shop { margin: 0 0 12px; color: var(--soft); font-size: 15px }
h1 { margin: 0 0 12px; font-size: 26px; line-height: 1.25; text-wrap: balance; overflow-wrap: anywhere }
p { margin: 0; color: var(--soft); overflow-wrap: anywhere }
button { width: 100%; min-height: 48px; margin-top: 28px; padding: 10px 20px; border: 1px solid var(--strong); border-radius: 10px; background: var(--strong); color: var(--on-strong); font: inherit; font-weight: 600; cursor: pointer }
button.quiet { background: transparent; color: var(--ink); border-color: var(--line); font-weight: 400 }
button:focus-visible { outline: 3px solid #4c8dff; outline-offset: 2px }
@media (max-width: 480px) { main { padding: 32px 22px } }
`;

/** The page runs no script, loads nothing, posts to itself only and cannot be framed (a framed button can be stolen). */
const headers = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Robots-Tag': 'noindex',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
};

/** A 503 says when to come back: mail programs that unsubscribe for a person then try again. */
export function sendPage(response: Response, status: 200 | 404 | 503, locale: Locale, content: PageContent): void {
  if (status === 503) response.set('Retry-After', '30');
  response.status(status).set(headers).end(page(locale, content));
}

/** For pages about no message: what the browser asks for. */
export function localeOfRequest(request: Request): Locale {
  return locales.find((locale) => locale === request.acceptsLanguages([...locales])) ?? 'en';
}

export function page(locale: Locale, content: PageContent): string {
  const { title, text, without, button } = words[locale][content.say];
  const { shop, address } = 'shop' in content ? content : { shop: null, address: null };
  const body = address === null ? (without ?? text) : text.replace('{address}', () => address);
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${shop === null ? '' : `<p class="shop">${escapeHtml(shop)}</p>\n`}<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(body)}</p>
${button ? form(button) : ''}</main>
</body>
</html>
`;
}

function form({ label, action, quiet }: NonNullable<Words['button']>): string {
  return `<form method="post">
<button name="action" value="${action}"${quiet ? ' class="quiet"' : ''}>${escapeHtml(label)}</button>
</form>
`;
}

/** `anna@example.com` → `a•••@example.com`: enough to know one's own address by, not to learn another's. */
export function masked(address: string): string {
  const [, first = '', domain = ''] = /^(.)[^@]*(@.+)$/u.exec(address) ?? [];
  return `${first}•••${domain}`;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
