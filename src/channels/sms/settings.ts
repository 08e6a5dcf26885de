import { type Description, readDescription } from '#channels/http/description.ts';
import { Failure } from '#domain/failure.ts';
import { type StopIn, usualStopIn } from './text.ts';

export interface TwilioSettings {
  provider: 'twilio';
  account: string;
  token: string;
  /** A number (`+1555…`), a name, or a messaging service (`MG…`). */
  sender: string;
  api: string;
  stopIn: StopIn;
}

export interface GatewaySettings {
  provider: 'gateway';
  gateway: Description;
  login: string | null;
  password: string | null;
  sender: string | null;
  /** Signs the addresses of callbacks; null: it is given none. */
  secret: string | null;
  stopIn: StopIn;
}

const help =
  'VESTNIK_SMS_URL looks like twilio://SID:TOKEN@+15551234567, smsc://login:password@SENDER, smsru://API_ID@SENDER or file:///path/to/gateway.json';

const ready = ['smsc', 'smsru'] as const;

/** Names that descriptions of SMS gateways may fill in. */
const names = ['phone', 'digits', 'text', 'id', 'sender', 'login', 'password', 'basic', 'callback'];

/** Who sends the SMS, from an address. `?api=` is another origin of the provider's API (a region, a test), `?stop=US,CA` the
 *  countries where advertising says how to stop it (`*`: all). Throws a Failure on anything else. */
export function smsSettings(address: string): TwilioSettings | GatewaySettings {
  const url = URL.parse(address);
  if (!url) throw new Failure(`${help}.`);
  const scheme = url.protocol.slice(0, -1);
  const stop = url.searchParams.get('stop');
  const stopIn = stop === null ? usualStopIn : new Set(stop.split(',').map((one) => one.trim().toUpperCase()));
  const api = url.searchParams.get('api');
  const [login, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  const sender = decodeURIComponent(url.hostname);
  if (scheme === 'twilio') {
    if (!/^AC/.test(login) || password === '' || sender === '') throw new Failure(`${help}: a part is missing.`);
    return {
      provider: 'twilio',
      account: login,
      token: password,
      sender,
      api: api ?? 'https://api.twilio.com',
      stopIn,
    };
  }
  if (scheme === 'file') {
    const gateway = readDescription(new URL(url.pathname, 'file:'), names);
    return {
      provider: 'gateway',
      gateway,
      login: null,
      password: null,
      sender: url.searchParams.get('sender'),
      secret: url.searchParams.get('secret'),
      stopIn,
    };
  }
  const name = ready.find((one) => one === scheme);
  if (name === undefined) throw new Failure(`${help}.`);
  if (login === '' || sender === '' || (name === 'smsc' && password === ''))
    throw new Failure(`${help}: a part is missing.`);
  const gateway = at(api, readDescription(new URL(`gateways/${name}.json`, import.meta.url), names));
  const secrets = { login, password: password === '' ? null : password, secret: null };
  return { provider: 'gateway', gateway, ...secrets, sender, stopIn };
}

function at(api: string | null, gateway: Description): Description {
  if (api === null) return gateway;
  const { pathname, search } = new URL(gateway.url);
  return { ...gateway, url: `${api.replace(/\/+$/, '')}${pathname}${search}` };
}

/** Names take no answers; numbers, short codes and messaging services do. */
export function takesAnswers(sender: string | null): boolean {
  return sender !== null && /^(?:\+?\d{3,15}|MG\w+)$/.test(sender);
}
