import type { ContentOf } from '#domain/content.ts';
import type { ChannelName } from '#domain/journey.ts';
import type { Money } from '#domain/money.ts';
import type { Locale, ShopSettings } from '#domain/shop.ts';

export interface GoodsLine {
  id: string;
  name: string;
  url: string;
  imageUrl: string | null;
  price: Money;
  oldPrice: Money | null;
  quantity: number;
}

export interface CategoryLink {
  name: string;
  url: string;
}

/** All that a template may speak of. Every key is always there: a template that names another one fails. */
export interface MessageModel {
  shop: ShopSettings;
  customer: { firstName: string | null };
  /** What the message is about. */
  goods: GoodsLine[];
  /** Recommendations below it. */
  more: GoodsLine[];
  category: CategoryLink | null;
  categories: CategoryLink[];
  /** Takes off a percentage or an amount (`{{off promo}}` writes either). `expires`: ISO 8601, business time. */
  promo: { code: string; percent: number | null; amount: Money | null; expires: string } | null;
  cartUrl: string;
  /** What the message alone speaks of: the `data` of a transactional send. Its values may be secret: an address that stands in it
   *  itself is never made a counted link. */
  data: Readonly<Record<string, unknown>>;
}

export interface RenderInput<Channel extends ChannelName = ChannelName> {
  journey: string;
  message: string;
  channel: Channel;
  locale: Locale;
  model: MessageModel;
  track: Track;
  /** Service letters offer nothing to unsubscribe from. */
  kind?: 'marketing' | 'service';
}

/** What links of one message are made of. `publicUrl`: where the gateway is reached from outside. */
export interface Track {
  messageId: string;
  publicUrl: string;
  secret: string;
}

export interface Rendered<Channel extends ChannelName = ChannelName> {
  content: ContentOf<Channel>;
  /** Where the tracked links lead, by index. */
  links: string[];
  /** Where the message's own unsubscribe link leads. */
  unsubscribeUrl: string;
}

/** A text that a shop has added. `id`: of its version, by which what was compiled is kept; null: for this once. */
export interface OwnText {
  id: string | null;
  template: string;
  channel: ChannelName;
  locale: Locale;
  source: string;
}

export interface Renderer {
  /** Synchronous and fast (well under a millisecond). Throws when the message has no template or the model lacks what it names. */
  render<Channel extends ChannelName>(input: RenderInput<Channel>): Rendered<Channel>;
  /** Texts that are not among the journeys', compiled: those of a shop. Throws an Error that names the text (`name.channel.locale`)
   *  and what is wrong with it. */
  own(texts: readonly OwnText[]): Promise<Renderer['render']>;
  /** Every template that is there, for previews and checks. */
  readonly templates: readonly {
    /** The preset whose wording it is; null: the journey's own. */
    texts: string | null;
    journey: string;
    message: string;
    channel: ChannelName;
    locale: Locale;
  }[];
}
