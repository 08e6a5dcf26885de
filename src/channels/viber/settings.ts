import { type Description, readDescription } from '#channels/http/description.ts';
import { Failure } from '#domain/failure.ts';

export interface ViberSettings {
  partner: Description;
  login: string | null;
  password: string | null;
  sender: string | null;
  /** Signs the addresses of callbacks; null: the partner tells us otherwise. */
  secret: string | null;
  /** Seconds in which the partner tries to deliver, before it reports a failure and the cascade goes on. */
  ttl: number;
}

const help =
  'VESTNIK_VIBER_URL looks like infobip://API_KEY@SENDER?api=https://xxxxx.api.infobip.com or file:///path/to/partner.json?sender=SHOP';

/** Names that descriptions of partners may fill in. `button` is an address, `label` what stands on it. `kind` is `text` or `image`,
 *  `class` `promotional` or `transactional`; in capitals where the name is. */
const names = [
  ...['phone', 'digits', 'text', 'id', 'sender', 'login', 'password', 'basic'],
  ...['button', 'label', 'image', 'ttl', 'callback', 'kind', 'KIND', 'class', 'CLASS'],
];

/** Viber takes no less and no more. */
const [shortestTtl, usualTtl, longestTtl] = [15, 3_600, 1_209_600];

/** Through whom Viber messages go, from an address. Throws a Failure on anything else. */
export function viberSettings(address: string): ViberSettings {
  const url = URL.parse(address);
  const query = url?.searchParams;
  const ttl = Number(query?.get('ttl') ?? usualTtl);
  if (!(Number.isInteger(ttl) && ttl >= shortestTtl && ttl <= longestTtl))
    throw new Failure(`The ttl of VESTNIK_VIBER_URL must be whole seconds from ${shortestTtl} to ${longestTtl}.`);
  const secret = query?.get('secret') ?? null;
  if (url?.protocol === 'file:') {
    const partner = readDescription(new URL(url.pathname, 'file:'), names);
    return { partner, login: null, password: null, sender: query?.get('sender') ?? null, secret, ttl };
  }
  const login = decodeURIComponent(url?.username ?? '');
  const sender = decodeURIComponent(url?.hostname ?? '');
  const api = URL.parse(query?.get('api') ?? '');
  if (url?.protocol !== 'infobip:' || login === '' || sender === '' || api === null) throw new Failure(`${help}.`);
  const described = readDescription(new URL('partners/infobip.json', import.meta.url), names);
  const partner = { ...described, url: `${api.origin}${new URL(described.url).pathname}` };
  return { partner, login, password: null, sender, secret: secret ?? login, ttl };
}
