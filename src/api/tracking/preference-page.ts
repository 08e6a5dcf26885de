import { escapeHtml } from '#api/html.ts';
import { isWanted } from '#domain/consent.ts';
import type { ChannelName } from '#domain/journey.ts';
import type { Contactability } from '#domain/reach.ts';
import type { Locale, ShopSettings } from '#domain/shop.ts';
import { topics } from '#domain/topics.ts';
import type { Page } from './pages.ts';
import { words } from './preference-words.ts';

/** What has just been done by the page. */
export type Done = 'saved' | 'resubscribed' | null;

/** What the page shows of a customer: the channels that may be chosen, with addresses that are masked already. */
export interface Choice {
  known: Contactability;
  channels: readonly { channel: ChannelName; addresses: string[] }[];
  shop: ShopSettings;
  locale: Locale;
}

/** The page by which a customer chooses what they hear of the shop and where: a box for each channel and topic. */
export function preferencePage(choice: Choice, done: Done): Page {
  const { shop, locale, channels } = choice;
  const said = words[locale];
  const hasLeft = channels.every(({ channel }) => topics.every((topic) => !isBoxTicked(choice, channel, topic)));
  const isWaiting = channels.some(({ channel }) => choice.known.unconfirmed.includes(channel));
  const { title, text } = hasLeft && !isWaiting ? said.left : { title: said.title, text: said.lead };
  const body = [
    done === null || (hasLeft && done === 'saved')
      ? ''
      : `<p class="notice" role="status">${escapeHtml(said[done])}</p>`,
    `<p${hasLeft ? ' role="status"' : ''}>${escapeHtml(text)} ${escapeHtml(said.service)}</p>`,
    forms(choice, hasLeft && !isWaiting),
  ];
  return { locale, title, shop: shop.name, body: body.filter(Boolean).join('\n'), hasLanguages: true };
}

/** Who was erased cannot choose any more; nothing goes to them. */
export function erasedPage(shop: ShopSettings, locale: Locale): Page {
  const { title, text } = words[locale].left;
  return { locale, title, shop: shop.name, body: `<p>${escapeHtml(text)}</p>`, hasLanguages: true };
}

function isBoxTicked({ known, shop }: Choice, channel: ChannelName, topic: (typeof topics)[number]): boolean {
  return isWanted(known, shop, channel, topic);
}

/** What most come for stands first, in a form of its own: the key Enter in the other one saves, and never unsubscribes. */
function forms(choice: Choice, hasLeft: boolean): string {
  const said = words[choice.locale];
  const [action, label] = hasLeft ? ['resubscribe', said.resubscribe] : ['unsubscribe', said.everything];
  return `<form method="post">
<button name="action" value="${action}" class="quiet">${escapeHtml(label)}</button>
</form>
<form method="post" id="preferences">
${choice.channels.map(({ channel, addresses }) => fieldset(choice, channel, addresses)).join('\n')}
<button name="action" value="save">${escapeHtml(said.save)}</button>
</form>`;
}

function fieldset(choice: Choice, channel: ChannelName, addresses: readonly string[]): string {
  const said = words[choice.locale];
  const boxes = topics.map((topic) => {
    const { name, about } = said.topics[topic];
    const checked = isBoxTicked(choice, channel, topic) ? ' checked' : '';
    return `<label><input type="checkbox" name="want" value="${channel}:${topic}"${checked}> <span>${escapeHtml(name)}</span> <small>${escapeHtml(about)}</small></label>`;
  });
  const notes = choice.known.unconfirmed.includes(channel) ? [...addresses, said.waits] : addresses;
  const small = notes.map((note) => ` <small>${escapeHtml(note)}</small>`).join('');
  return `<fieldset><legend>${escapeHtml(said.channels[channel])}${small}</legend>
<input type="hidden" name="channel" value="${channel}">
${boxes.join('\n')}
</fieldset>`;
}
