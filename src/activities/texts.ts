import type { Trx } from '#db/connect.ts';
import type { MessageRequest } from '#db/message-requests.ts';
import { templateOf } from '#db/templates.ts';
import { localeOf, type ShopSettings } from '#domain/shop.ts';
import type { ActivityDeps } from './deps.ts';
import type { Content } from './mind.ts';

type Asked = Pick<MessageRequest, 'template' | 'journey' | 'templateId' | 'cascade'>;

/** Where the texts of a message come from: the shop's own template, or the folder of the journey that it belongs to. */
export async function textsOf(
  trx: Trx,
  { renderer }: Pick<ActivityDeps, 'renderer'>,
  { journey, template: message, templateId, cascade }: Asked,
  { locale, shop }: { locale: string | null; shop: Pick<ShopSettings, 'locale'> },
): Promise<Pick<Content, 'render'>> {
  if (templateId === null) return { render: (input) => renderer.render({ ...input, journey, message }) };
  const own = await templateOf(trx, templateId);
  const wanted = localeOf(locale, shop);
  const channels = cascade.channels.map(({ channel }) => channel);
  const texts = (own?.texts ?? []).filter((text) => channels.includes(text.channel) && text.locale === wanted);
  const render = await renderer.own(texts.map((text) => ({ ...text, template: message, id: templateId })));
  return { render };
}
