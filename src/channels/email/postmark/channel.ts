import { Errors, ServerClient } from 'postmark';
import type { Channel, SubmitResult } from '#channels/channel.ts';
import { answered, apiChannel, originOf, type Posted, part, type Unsent } from '#channels/email/api.ts';
import type { EmailOptions } from '#channels/email/channel.ts';
import type { Letter } from '#channels/email/message.ts';
import { idName, wordsOf } from '#channels/email/told.ts';
import { type Reply, retryAfter, unanswered } from '#channels/http/call.ts';
import { toMend } from '#channels/http/outcome.ts';

/** `postmark://SERVER_TOKEN`; `?marketing=broadcast` is the message stream of marketing, which Postmark wants apart. */
export function createPostmarkChannel(url: URL, { timeLimit }: EmailOptions): Channel {
  const token = part(url, 'hostname');
  const { host, protocol } = originOf(url, 'https://api.postmarkapp.com');
  const stream = url.searchParams.get('marketing');

  async function post(letter: Letter): Promise<Posted | SubmitResult> {
    const line = watchedFetch();
    const client = new ServerClient(token, {
      requestHost: host,
      useHttps: protocol === 'https:',
      timeout: timeLimit / 1000,
      fetch: line.fetch,
    });
    try {
      return { id: (await client.sendEmail(mailOf(letter, stream))).MessageID };
    } catch (error) {
      return unsent(error, line.reply() ?? unanswered(error));
    }
  }
  return apiChannel('postmark', post);
}

/** The client tells neither why no answer came nor when it wants to be asked again. */
function watchedFetch() {
  let reply: Reply | null = null;
  return {
    reply: () => reply,
    async fetch(...request: Parameters<typeof fetch>): Promise<Response> {
      try {
        const response = await fetch(...request);
        reply = answered(response.status, retryAfter(response.headers.get('retry-after'), Date.now()));
        return response;
      } catch (error) {
        reply = unanswered(error);
        throw error;
      }
    },
  };
}

function mailOf({ id, kind, sender, to, subject, html, text, headers }: Letter, stream: string | null) {
  // Without it Postmark gives the letter a Message-ID of its own.
  const all = { ...headers, 'X-PM-KeepID': 'true' };
  return {
    From: sender,
    To: to,
    Subject: subject,
    HtmlBody: html,
    TextBody: text,
    Headers: Object.entries(all).map(([Name, Value]) => ({ Name, Value })),
    Metadata: { [idName]: id },
    ...(kind === 'marketing' && stream !== null && { MessageStream: stream }),
  };
}

/** Codes about us, not the letter (https://postmarkapp.com/developer/api/overview#error-codes): the sender is not confirmed (400,
 *  401), no credits (405), the account waits for approval (412), no such stream (1235). */
const aboutUs: readonly number[] = [400, 401, 405, 412, 1235];

function unsent(error: unknown, reply: Reply): Unsent | SubmitResult {
  const code = error instanceof Errors.PostmarkError ? error.code : 0;
  const words = wordsOf(code === 0 ? '' : code, error instanceof Errors.PostmarkError ? error.message : '');
  if (reply.got === 'answer' && reply.status === 422 && aboutUs.includes(code)) {
    return toMend(words, 'mend it at Postmark');
  }
  // 300 says that something in the request is not valid: which, only the words tell.
  return { reply, words, isBadAddress: code === 300 && /'To' address/i.test(words) };
}
