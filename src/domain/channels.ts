import type { ChannelName } from './journey.ts';

/** What a channel carries: a letter with a subject, a short text with a button, or a notification. */
export type Form = 'letter' | 'text' | 'push';

/** By what a customer is found on a channel. */
export type AddressKind = 'email' | 'phone' | 'telegram' | 'device';

interface ChannelFacts {
  form: Form;
  address: AddressKind;
  /** What one message costs in minor units of the shop's currency, where its settings do not say. */
  price: number;
  /** `implied`: whoever gave us this address asked for messages (a bot was started, a browser was asked). */
  consent: 'implied' | 'explicit';
}

/** What holds for each channel, whoever its provider is. Prices are orders of magnitude of Russian tariffs; a shop sets its own. */
export const channelFacts: Readonly<Record<ChannelName, ChannelFacts>> = {
  email: { form: 'letter', address: 'email', price: 5, consent: 'implied' },
  telegram: { form: 'text', address: 'telegram', price: 0, consent: 'implied' },
  sms: { form: 'text', address: 'phone', price: 450, consent: 'explicit' },
  viber: { form: 'text', address: 'phone', price: 250, consent: 'explicit' },
  whatsapp: { form: 'text', address: 'phone', price: 700, consent: 'explicit' },
  web_push: { form: 'push', address: 'device', price: 1, consent: 'implied' },
  app_push: { form: 'push', address: 'device', price: 1, consent: 'implied' },
};
