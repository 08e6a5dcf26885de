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
}

export interface RenderInput<Channel extends ChannelName = ChannelName> {
  journey: string;
  message: string;
  channel: Channel;
  locale: Locale;
  model: MessageModel;
  track: Track;
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
}

export interface Renderer {
  /** Synchronous and fast (well under a millisecond). Throws when the message has no template or the model lacks what it names. */
  render<Channel extends ChannelName>(input: RenderInput<Channel>): Rendered<Channel>;
  /** Every template that is there, for previews and checks. */
  readonly templates: readonly { journey: string; message: string; channel: ChannelName; locale: Locale }[];
}
