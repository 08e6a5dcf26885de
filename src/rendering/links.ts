import type { RenderInput } from './model.ts';
import { MessageTokens } from './tokens.ts';

const href = /href="([^"]*)"/g;
const expression = /^\{\{\s*([\w.[\]/@]+)\s*\}\}$/;

/** Makes every address of a template a tracked one, while it is still a template: rendering then parses no HTML, and no
 *  author can forget it. Addresses that begin with `{{@` (unsubscribe) are our own and stay. */
export function trackedHrefs(template: string, where: string): string {
  return template.replace(href, (whole, address: string) => {
    if (address.startsWith('{{@') || /^(mailto|tel):|^#/.test(address)) return whole;
    const path = expression.exec(address)?.[1];
    if (path) return `href="{{track ${path}}}"`;
    if (/^https?:\/\/[^{}'"]+$/.test(address)) return `href="{{track '${address.replaceAll('&amp;', '&')}'}}"`;
    throw new Error(
      `${where}: href="${address}" must be one {{variable}} or a plain http(s) address, so that it can be tracked`,
    );
  });
}

/** The tracked links of one message while it is rendered. The same target is the same link, in the HTML and the text. */
export class Links {
  readonly targets: string[] = [];
  readonly #input: RenderInput;
  readonly #tokens: MessageTokens;
  readonly #tracked = new Map<string, string>();
  readonly #utm: URLSearchParams;

  constructor(input: RenderInput) {
    this.#input = input;
    this.#tokens = new MessageTokens(input.track.secret, input.track.messageId);
    this.#utm = utmOf(input);
  }

  get open(): string {
    return this.#ours('o', 0, '.gif');
  }

  get unsubscribe(): string {
    return `${this.#input.track.publicUrl}/u/${this.#tokens.token('u')}`;
  }

  /** Where a subscription is confirmed. */
  get confirm(): string {
    return `${this.#input.track.publicUrl}/confirm/${this.#tokens.token('y')}`;
  }

  /** The address that counts the click and leads to `target`; what is no web address leads to the shop. */
  track(target: string): string {
    // It may let whoever follows it into an account: it is neither kept nor led through our counter.
    if (Object.values(this.#input.model.data).includes(target)) return this.#safe(target).href;
    const known = this.#tracked.get(target);
    if (known) return known;
    const url = this.#ours('c', this.targets.length, '');
    this.targets.push(withParameters(this.#safe(target), this.#utm));
    this.#tracked.set(target, url);
    return url;
  }

  #safe(target: string): URL {
    return webUrl(target) ?? new URL(this.#input.model.shop.url);
  }

  #ours(purpose: 'o' | 'c', link: number, ending: string): string {
    return `${this.#input.track.publicUrl}/t/${purpose}/${this.#tokens.token(purpose, link)}${ending}`;
  }
}

/** A web address, or null. */
export function webUrl(text: string): URL | null {
  const url = URL.parse(text);
  return url && (url.protocol === 'https:' || url.protocol === 'http:') ? url : null;
}

/** What the shop's analytics reads of a link in this message. */
function utmOf({ journey, message, channel, model }: RenderInput): URLSearchParams {
  const filled = (text: string) =>
    text.replace(/\{(channel|journey|message)\}/g, (_, name: string) => ({ channel, journey, message })[name] ?? '');
  const wanted = Object.entries(model.shop.utm ?? {}).filter(([, text]) => text !== '');
  return new URLSearchParams(Object.fromEntries(wanted.map(([name, text]) => [`utm_${name}`, filled(text)])));
}

/** Parameters that the address already has are the shop's own and stay. */
function withParameters(url: URL, parameters: URLSearchParams): string {
  if (url.search === '') url.search = parameters.toString();
  else for (const [name, value] of parameters) if (!url.searchParams.has(name)) url.searchParams.set(name, value);
  return url.href;
}
