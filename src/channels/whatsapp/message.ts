import type { OutgoingMessage } from '#channels/channel.ts';
import type { Phone } from '#channels/phone.ts';
import type { ShortText } from '#domain/content.ts';

/** A message as the Cloud API takes it (https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages). Our id comes
 *  back with every word on it. `isOpen`: the customer wrote within a day; then a free text costs nothing, and a template does. */
export function toWhatsapp(
  message: OutgoingMessage<ShortText>,
  phone: Phone,
  how: { publicUrl: string; isOpen: boolean },
): object {
  const { approved } = message.content;
  const body = approved === null || how.isOpen ? freeForm(message.content) : template(message, approved, how.publicUrl);
  return {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: phone.e164,
    biz_opaque_callback_data: message.id,
    ...body,
  };
}

type Approved = NonNullable<ShortText['approved']>;

function template({ content, locale }: OutgoingMessage<ShortText>, { name, parameters }: Approved, publicUrl: string) {
  const { imageUrl, button } = content;
  const components: object[] = [];
  if (imageUrl !== null)
    components.push({ type: 'header', parameters: [{ type: 'image', image: { link: imageUrl } }] });
  if (parameters.length > 0)
    components.push({ type: 'body', parameters: parameters.map((text) => ({ type: 'text', text: oneLine(text) })) });
  const suffix = button === null ? null : suffixOf(button.url, publicUrl);
  if (suffix !== null)
    components.push({ type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: suffix }] });
  return {
    type: 'template',
    template: { name, language: { code: locale }, ...(components.length > 0 && { components }) },
  };
}

/** A template's button leads to `<our public address>/{{1}}`: only the end can be filled in. A button to elsewhere stands in the
 *  template whole, and takes nothing. */
function suffixOf(url: string, publicUrl: string): string | null {
  return url.startsWith(`${publicUrl}/`) ? url.slice(publicUrl.length + 1) : null;
}

/** Places of a template take no line ends, tabs or five spaces in a row (error 132018), and not nothing. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim() || '–';
}

/** What may be sent to those who wrote to us within a day. */
function freeForm({ text, button, imageUrl }: ShortText) {
  const image = imageUrl === null ? null : { link: imageUrl };
  if (button !== null) {
    const action = { name: 'cta_url', parameters: { display_text: button.label.slice(0, 20), url: button.url } };
    const header = image && { header: { type: 'image', image } };
    return { type: 'interactive', interactive: { type: 'cta_url', ...header, body: { text }, action } };
  }
  if (image !== null) return { type: 'image', image: { ...image, caption: text } };
  return { type: 'text', text: { preview_url: true, body: text } };
}
