import { Failure } from '#domain/failure.ts';

export interface WhatsappSettings {
  token: string;
  phoneNumberId: string;
  /** Origin and version of the Graph API. */
  api: string;
}

const help = 'VESTNIK_WHATSAPP_URL looks like whatsapp://TOKEN@PHONE_NUMBER_ID';

/** From `whatsapp://TOKEN@PHONE_NUMBER_ID`; `?version=v23.0` is another version of the Graph API, `?api=` another origin. Throws a
 *  Failure on anything else. */
export function whatsappSettings(address: string): WhatsappSettings {
  const url = URL.parse(address);
  const token = decodeURIComponent(url?.username ?? '');
  if (url?.protocol !== 'whatsapp:' || token === '' || !/^\d{5,}$/.test(url.hostname)) throw new Failure(`${help}.`);
  const version = url.searchParams.get('version') ?? 'v23.0';
  if (!/^v\d+\.\d+$/.test(version)) throw new Failure(`${help}, perhaps with ?version=v23.0.`);
  const origin = (url.searchParams.get('api') ?? 'https://graph.facebook.com').replace(/\/+$/, '');
  return { token, phoneNumberId: url.hostname, api: `${origin}/${version}` };
}
