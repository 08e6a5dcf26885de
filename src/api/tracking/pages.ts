import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { escapeHtml } from '#api/html.ts';
import { type Locale, locales } from '#domain/shop.ts';

/** One page for customers. `body` is HTML, all else text. */
export interface Page {
  locale: Locale;
  title: string;
  shop: string | null;
  body: string;
  /** Leads to the same page in the other language. */
  hasLanguages?: boolean;
}

const style = `
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #545a63; --paper: #fff; --ground: #f3f4f6; --line: #d5d9de; --edge: #868d97; --strong: #1c1e21; --on-strong: #fff; --good: #e7f4ea; --focus: #1a67d2 }
@media (prefers-color-scheme: dark) { :root { --ink: #eceef1; --soft: #b0b6c0; --paper: #1f2226; --ground: #141619; --line: #3a3f46; --edge: #7d858f; --strong: #eceef1; --on-strong: #1c1e21; --good: #1f3527; --focus: #7db0ff } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px 16px; background: var(--ground); color: var(--ink); font: 17px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif }
main { width: 100%; max-width: 520px; padding: 36px; background: var(--paper); border: 1px solid var(--line); border-radius: 14px }
.shop { margin: 0 0 8px; color: var(--soft); font-size: 15px; overflow-wrap: anywhere }
h1 { margin: 0 0 12px; font-size: 26px; line-height: 1.25; text-wrap: balance; overflow-wrap: anywhere }
p { margin: 0; color: var(--soft); overflow-wrap: anywhere }
.notice { margin: 0 0 20px; padding: 12px 16px; border-radius: 10px; background: var(--good); color: var(--ink) }
fieldset { min-width: 0; margin: 24px 0 0; padding: 0; border: 0 }
legend { padding: 0; font-weight: 600 }
legend small { display: block; color: var(--soft); font-weight: 400; font-size: 15px; overflow-wrap: anywhere }
label { display: grid; grid-template-columns: 24px 1fr; gap: 0 14px; align-items: start; padding: 12px 0; border-bottom: 1px solid var(--line); cursor: pointer }
label small { grid-column: 2; color: var(--soft); font-size: 15px; line-height: 1.4 }
input[type=checkbox] { width: 22px; height: 22px; margin: 2px 0 0; accent-color: var(--strong) }
button { width: 100%; min-height: 48px; margin-top: 24px; padding: 10px 20px; border: 1px solid var(--strong); border-radius: 10px; background: var(--strong); color: var(--on-strong); font: inherit; font-weight: 600; cursor: pointer }
button.quiet { background: transparent; color: var(--ink); border-color: var(--edge); font-weight: 400 }
.after { margin-top: 16px; font-size: 15px }
.languages { margin-top: 24px; font-size: 15px }
a { color: var(--ink) }
button:focus-visible, input:focus-visible, a:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px }
@media (max-width: 480px) { main { padding: 28px 20px } }
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
export function sendPage(response: ServerResponse, status: 200 | 404 | 503, page: Page): void {
  const later = status === 503 ? { 'Retry-After': '30' } : {};
  response.writeHead(status, { ...headers, 'Content-Language': page.locale, ...later }).end(render(page));
}

const problems = {
  en: {
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
    'bad-link': {
      title: 'Ссылка не работает',
      text: 'Возможно, она пришла не целиком. Откройте её из самого письма или скопируйте адрес полностью.',
    },
    unavailable: {
      title: 'Попробуйте через минуту',
      text: 'Сейчас мы не можем ответить. Ничего не изменилось; обновите страницу через минуту.',
    },
  },
} as const satisfies Record<Locale, unknown>;

/** A page about no message, in the language that the browser asks for. */
export function sendProblem(request: IncomingMessage, response: ServerResponse, say: 'bad-link' | 'unavailable'): void {
  const locale = localeOfRequest(request.headers['accept-language']);
  const { title, text } = problems[locale][say];
  sendPage(response, say === 'bad-link' ? 404 : 503, { locale, title, shop: null, body: `<p>${escapeHtml(text)}</p>` });
}

/** The first of our languages in the order of `Accept-Language`; English where it names none. */
function localeOfRequest(header = ''): Locale {
  const asked = header.split(',').map((part, place) => {
    const [name = '', quality] = part.trim().split(/;\s*q=/);
    return { language: name.slice(0, 2).toLowerCase(), quality: Number(quality ?? 1) || 0, place };
  });
  asked.sort((a, b) => b.quality - a.quality || a.place - b.place);
  for (const { language } of asked) {
    const locale = locales.find((name) => name === language);
    if (locale) return locale;
  }
  return 'en';
}

const languages: Record<Locale, string> = { en: 'English', ru: 'Русский' };

function render({ locale, title, shop, body, hasLanguages }: Page): string {
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
${body}
${hasLanguages ? `${languageLinks(locale)}\n` : ''}</main>
</body>
</html>
`;
}

function languageLinks(current: Locale): string {
  const others = locales.filter((locale) => locale !== current);
  const links = others.map((one) => `<a href="?lang=${one}" lang="${one}" hreflang="${one}">${languages[one]}</a>`);
  return `<p class="languages">${links.join(' · ')}</p>`;
}

/** Enough to know one's own address by, not to learn another's: `a•••@example.com`, `+7•••••••89`. */
export function masked(address: string): string {
  const [, first = '', domain] = /^(.)[^@]*(@.+)$/u.exec(address) ?? [];
  return domain === undefined ? `${address.slice(0, 2)}•••••••${address.slice(-2)}` : `${first}•••${domain}`;
}
