import type { ChannelName } from './journey.ts';

export interface Letter {
  form: 'letter';
  subject: string;
  html: string;
  text: string;
}

/** What messengers and SMS show. */
export interface ShortText {
  form: 'text';
  text: string;
  button: { label: string; url: string } | null;
  imageUrl: string | null;
  /** A message that its provider has approved beforehand (WhatsApp), and what stands at its places. */
  approved: { name: string; parameters: string[] } | null;
}

export interface Notification {
  form: 'push';
  title: string;
  body: string;
  url: string;
  imageUrl: string | null;
}

export type MessageContent = Letter | ShortText | Notification;

/** What a message on this channel is made of. */
export type ContentOf<Channel extends ChannelName> = Channel extends 'email'
  ? Letter
  : Channel extends 'web_push' | 'app_push'
    ? Notification
    : ShortText;
