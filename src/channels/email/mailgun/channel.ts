import type { Channel, SubmitResult } from '#channels/channel.ts';
import { apiChannel, originOf, type Posted, part } from '#channels/email/api.ts';
import type { EmailOptions } from '#channels/email/channel.ts';
import type { Letter } from '#channels/email/message.ts';
import { idName, record, textOf, wordsOf } from '#channels/email/told.ts';
import { call } from '#channels/http/call.ts';
import { isSuccess } from '#channels/http/outcome.ts';
import { Failure } from '#domain/failure.ts';

/** `mailgun://KEY@DOMAIN`; `?region=eu` for domains in the European Union. Not by Mailgun's own client: it calls no answer a 400,
 *  and keeps to itself when it wants to be asked again. */
export function createMailgunChannel(url: URL, { timeLimit }: EmailOptions): Channel {
  const [key, domain] = [part(url, 'username'), part(url, 'hostname')];
  if (key === '') throw new Failure('The address of Mailgun has a key and a domain: mailgun://KEY@mg.example.com.');
  const isEuropean = url.searchParams.get('region') === 'eu';
  const origin = originOf(url, isEuropean ? 'https://api.eu.mailgun.net' : 'https://api.mailgun.net');
  const address = new URL(`/v3/${encodeURIComponent(domain)}/messages`, origin).href;
  const headers = {
    authorization: `Basic ${Buffer.from(`api:${key}`).toString('base64')}`,
    'content-type': 'application/x-www-form-urlencoded',
  };

  async function post(letter: Letter): Promise<Posted | SubmitResult> {
    const body = new URLSearchParams(fieldsOf(letter)).toString();
    const reply = await call({ url: address, method: 'POST', headers, body, timeLimit });
    const { id, message } = record(reply.got === 'answer' ? reply.body : null);
    if (reply.got === 'answer' && isSuccess(reply) && textOf(id) !== '') return { id: textOf(id) };
    const words = wordsOf(message);
    const isBadAddress =
      reply.got === 'answer' && reply.status === 400 && /'?to'? parameter is not a valid/i.test(words);
    return { reply, words, isBadAddress };
  }
  return apiChannel('mailgun', post);
}

/** `h:` are headers, `v:` comes back with every event. */
function fieldsOf({ id, sender, to, subject, html, text, headers }: Letter): [string, string][] {
  const own = Object.entries(headers).map(([name, value]): [string, string] => [`h:${name}`, value]);
  return [
    ['from', sender],
    ['to', to],
    ['subject', subject],
    ['html', html],
    ['text', text],
    [`v:${idName}`, id],
    ...own,
  ];
}
