import type { SendMailOptions } from 'nodemailer';
import { carrying, type OutgoingMessage, type SubmitResult } from '#channels/channel.ts';

/** Names of the headers that are ours. */
export const messageIdHeader = 'X-Vestnik-Message';

/** The same on every attempt, so that receivers can see a repeat as one. */
export function messageIdOf({ id, from }: Pick<OutgoingMessage, 'id' | 'from'>): string {
  return `<${id}@${domainOf(from.email)}>`;
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

/** One mailbox and nothing that could pass for a second, or for a command. */
const oneAddress = /^[^\s<>@",;:()[\]\\\p{Cc}]+@[^\s<>@",;()\\\p{Cc}]+$/u;

export function isOneAddress(text: string): boolean {
  return oneAddress.test(text);
}

export const badAddress: SubmitResult = {
  result: 'refused',
  reason: 'the address of the recipient is malformed',
  suppress: 'bounced',
};

/** An e-mail as the APIs of providers take it. */
export function toLetter(message: OutgoingMessage) {
  const { id, from, to, kind } = message;
  const { subject, html, text } = carrying(message, 'letter').content;
  // A name may hold what would end it (RFC 5322, 3.2.4).
  const sender = `"${from.name.replace(/["\\]/g, '\\$&')}" <${from.email}>`;
  const headers = { 'Message-ID': messageIdOf(message), ...headersOf(message) };
  return { id, kind, from, sender, to, subject, html, text, headers };
}

export type Letter = ReturnType<typeof toLetter>;

/** An e-mail as nodemailer takes it; `envelopeFrom` gets the bounces. */
export function toMail(message: OutgoingMessage, envelopeFrom: string | null) {
  const { from, to } = message;
  const { subject, html, text } = carrying(message, 'letter').content;
  return {
    from: { name: from.name, address: from.email },
    to: { name: '', address: to },
    envelope: { from: envelopeFrom ?? from.email, to: [to] },
    subject,
    html,
    text,
    messageId: messageIdOf(message),
    headers: headersOf(message),
    disableFileAccess: true,
    disableUrlAccess: true,
  } satisfies SendMailOptions;
}

/** `Feedback-ID` is how Gmail groups complaints: three fields of ours and the sender. RFC 8058 asks for both `List-…`
 *  headers, of marketing only. */
function headersOf({ id, journey, template, kind, from, unsubscribeUrl }: OutgoingMessage): Record<string, string> {
  const own = { [messageIdHeader]: id, 'Feedback-ID': `${template}:${journey}:${kind}:${domainOf(from.email)}` };
  if (unsubscribeUrl === null) return { ...own, 'Auto-Submitted': 'auto-generated' };
  return {
    ...own,
    Precedence: 'bulk',
    'List-Unsubscribe': `<${unsubscribeUrl}>`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  };
}
