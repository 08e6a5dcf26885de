import { mailgunWebhook } from '#channels/email/mailgun/webhook.ts';
import { postmarkWebhook } from '#channels/email/postmark/webhook.ts';
import { resendWebhook } from '#channels/email/resend/webhook.ts';
import { sendgridWebhook } from '#channels/email/sendgrid/webhook.ts';
import { sesWebhook } from '#channels/email/ses/webhook.ts';
import { gatewayWebhook } from '#channels/sms/gateway-webhook.ts';
import { smscWebhook } from '#channels/sms/smsc-webhook.ts';
import { smsruWebhook } from '#channels/sms/smsru-webhook.ts';
import { twilioWebhook } from '#channels/sms/twilio-webhook.ts';
import { viberWebhook } from '#channels/viber/webhook.ts';
import type { ProviderWebhook } from '#channels/webhook.ts';
import { whatsappWebhook } from '#channels/whatsapp/webhook.ts';

/** Providers that tell what became of messages, by the last part of `/webhooks/:source`: the name under which their channel
 *  writes to the ledger. Telegram's bot has a route of its own. */
export const providers = {
  postmark: postmarkWebhook,
  sendgrid: sendgridWebhook,
  mailgun: mailgunWebhook,
  ses: sesWebhook,
  resend: resendWebhook,
  twilio: twilioWebhook,
  smsc: smscWebhook,
  smsru: smsruWebhook,
  sms: gatewayWebhook,
  whatsapp: whatsappWebhook,
  viber: viberWebhook,
} as const satisfies Record<string, ProviderWebhook>;

export type ProviderName = keyof typeof providers;

/** In the order in which they are documented. */
export const providerNames = Object.keys(providers) as [ProviderName, ...ProviderName[]];

export function providerWebhook(name: unknown): { name: ProviderName; webhook: ProviderWebhook } | null {
  const found = providerNames.find((one) => one === name);
  return found === undefined ? null : { name: found, webhook: providers[found] };
}
