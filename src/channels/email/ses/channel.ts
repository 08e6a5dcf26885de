import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { createTransport } from 'nodemailer';
import type { Channel, OutgoingMessage, SubmitResult } from '#channels/channel.ts';
import { answered, originOf, outcomeOf, part, within } from '#channels/email/api.ts';
import type { EmailOptions } from '#channels/email/channel.ts';
import { badAddress, isOneAddress, toMail } from '#channels/email/message.ts';
import { idName, record, textOf, wordsOf } from '#channels/email/told.ts';
import { retryAfter, unanswered } from '#channels/http/call.ts';
import { toMend } from '#channels/http/outcome.ts';

/** `ses://KEY_ID:SECRET@REGION`, or `ses://REGION` where the machine has a role; `?configuration-set=` is the one whose events go to
 *  `/webhooks/ses`. Letters go as they are (raw), by nodemailer's transport; Amazon gives them a Message-ID of its own. */
export function createSesChannel(url: URL, { timeLimit }: EmailOptions): Channel {
  const client = clientOf(url, timeLimit);
  const transport = createTransport({ SES: { sesClient: client, SendEmailCommand } });
  const ConfigurationSetName = url.searchParams.get('configuration-set') ?? undefined;

  async function submit(message: OutgoingMessage): Promise<SubmitResult> {
    if (!isOneAddress(message.to)) return badAddress;
    const ses = {
      EmailTags: [{ Name: idName, Value: message.id }],
      ...(ConfigurationSetName && { ConfigurationSetName }),
    };
    try {
      const sent = await within(timeLimit, transport.sendMail({ ...toMail(message, null), ses }));
      return { result: 'accepted', providerId: sent.response };
    } catch (error) {
      return failed(error);
    }
  }

  async function close(): Promise<void> {
    transport.close();
    client.destroy();
  }
  return { name: 'email', provider: 'ses', submit, close };
}

/** Asked once: whether a letter is sent again, the ledger decides. */
function clientOf(url: URL, timeLimit: number): SESv2Client {
  const [accessKeyId, secretAccessKey] = [part(url, 'username'), part(url, 'password')];
  const region = part(url, 'hostname');
  return new SESv2Client({
    region,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 10_000, requestTimeout: timeLimit, throwOnRequestTimeout: true },
    ...(accessKeyId !== '' && { credentials: { accessKeyId, secretAccessKey } }),
    ...(url.searchParams.has('api') && { endpoint: originOf(url, '').href }),
  });
}

/** Errors about us, not the letter (https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html). */
const aboutUs =
  /^(?:AccountSuspended|SendingPaused|MailFromDomainNotVerified|LimitExceeded|NotFound|AccessDenied|UnrecognizedClient|InvalidClientTokenId|SignatureDoesNotMatch|ExpiredToken|CredentialsProviderError)/;

function failed(error: unknown): SubmitResult {
  const { name, message, $metadata, $response } = record(error);
  const status = Number(record($metadata).httpStatusCode);
  const words = wordsOf(name, message);
  if (aboutUs.test(textOf(name))) return toMend(words, 'check the account, the region and the credentials');
  if (!(status > 0)) return outcomeOf({ reply: unanswered(error), words, isBadAddress: false });
  const wait = retryAfter(textOf(record(record($response).headers)['retry-after']) || null, Date.now());
  const isThrottled = /^(?:TooManyRequests|Throttling)/.test(textOf(name));
  const isBadAddress = name === 'BadRequestException' && /domain|address|local part/i.test(textOf(message));
  return outcomeOf({ reply: answered(isThrottled ? 429 : status, wait), words, isBadAddress });
}
