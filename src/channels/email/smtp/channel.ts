import { Readable } from 'node:stream';
import { createTransport } from 'nodemailer';
import type { Channel, OutgoingMessage, SubmitResult } from '#channels/channel.ts';
import { badAddress, isOneAddress, toMail } from '#channels/email/message.ts';
import { outcomeOf, type Progress } from './outcome.ts';
import type { SmtpSettings } from './settings.ts';

/** E-mail over SMTP, on a pool of connections that are kept open. */
export function createSmtpChannel(settings: SmtpSettings): Channel {
  const transport = createTransport(poolOptions(settings));
  /** Messages on their way, so that the outcome knows how far each got. */
  const underWay = new Map<string, Progress>();
  transport.use('stream', (mail, done) => {
    const progress = underWay.get(mail.message.messageId());
    if (progress) mail.message.processFunc((content) => watched(content as Readable, progress));
    done();
  });

  async function submit(message: OutgoingMessage): Promise<SubmitResult> {
    if (!isOneAddress(message.to)) return badAddress;
    const mail = toMail(message, settings.envelopeFrom);
    const progress: Progress = { content: 'none' };
    underWay.set(mail.messageId, progress);
    try {
      await transport.sendMail({ ...mail, signal: AbortSignal.timeout(settings.timeLimit) });
      // Its logs are searched for our Message-ID; nobody tells us of a letter by the server's queue id.
      return { result: 'accepted', providerId: null };
    } catch (error) {
      return outcomeOf(error, progress);
    } finally {
      underWay.delete(mail.messageId);
    }
  }

  return { name: 'email', provider: 'smtp', submit, close: async () => transport.close() };
}

function poolOptions({ host, port, secure, auth, maxConnections }: SmtpSettings) {
  return {
    pool: true,
    host,
    port,
    secure,
    ...(auth && { auth }),
    maxConnections,
    maxMessages: 1000,
    maxRequeues: 1,
    dnsTimeout: 5_000,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
  } as const;
}

/** The content, noting when the last of it is handed over: nodemailer reads it only when the server has asked for it (354). A message
 *  whose content once went out whole is never sent by the pool again: whether it is, the ledger decides. */
function watched(content: Readable, progress: Progress): Readable {
  if (progress.content === 'whole') return failing(new Error('the content was already handed over once'));
  content.once('resume', () => {
    progress.content = 'begun';
  });
  content.once('end', () => {
    progress.content = 'whole';
  });
  return content;
}

/** Fails when it is read, and not before anybody listens. */
function failing(error: Error): Readable {
  return new Readable({
    read() {
      this.destroy(error);
    },
  });
}
