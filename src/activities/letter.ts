import type { OutgoingMessage } from '#channels/channel.ts';
import type { Submission } from '#db/submissions.ts';
import { type Contactability, devicesOf } from '#domain/reach.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { told } from '#domain/told.ts';
import type { Rendered } from '#rendering/model.ts';
import type { ActivityDeps } from './deps.ts';
import type { Content } from './mind.ts';

/** Which message is made, for whom, in whose words. */
export interface LetterOf
  extends Pick<Submission, 'id' | 'runId' | 'journey' | 'template' | 'channel' | 'locale' | 'flags'> {
  shop: ShopSettings;
  firstName: string | null;
}

/** Null where it cannot be: a text that stays too long whatever is cut, a template that names what is not there. Tried again it
 *  would fail again, so the run must not wait for it; somebody has to mend it. */
export function letter(
  deps: ActivityDeps,
  { id, runId, journey, template: message, channel, locale, flags, shop, firstName }: LetterOf,
  { render = deps.renderer.render, data = {}, ...content }: Content,
): Rendered | null {
  const model = { shop, customer: { firstName }, cartUrl: shop.cartUrl, data, ...content };
  const track = { messageId: id, publicUrl: deps.publicUrl, secret: deps.secret };
  try {
    return render({ journey, message, channel, locale, model, track, kind: flags.kind });
  } catch (error) {
    const { name, message: why } = told(error);
    deps.log.warn({ journey, message, channel, locale, runId, error: `${name}: ${why}` }, 'a message cannot be made');
    return null;
  }
}

/** What goes to the channel. */
export function outgoing(
  { contact, shop }: { contact: Contactability; shop: ShopSettings },
  submission: Submission,
  { content, unsubscribeUrl }: Rendered,
): OutgoingMessage {
  const { id, journey, template, channel, locale, address, flags } = submission;
  return {
    id,
    journey,
    template,
    kind: flags.kind,
    locale,
    to: address ?? '',
    devices: devicesOf(contact, channel),
    from: shop.from,
    content,
    unsubscribeUrl: flags.kind === 'marketing' ? unsubscribeUrl : null,
  };
}
