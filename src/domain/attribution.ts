import { durationMs } from './duration.ts';
import type { ChannelName } from './journey.ts';

/** Which touch an order is credited to (V2, semantics.md "Attribution"). Pure. */

/**
 * `last_click`: the last click on a message of ours, whatever came after it. `last_non_direct`: the last touch of any kind, so that
 * an advertisement after our letter takes the order away. `first_interaction`: the first touch of any kind.
 */
export const attributionModels = ['last_click', 'last_non_direct', 'first_interaction'] as const;
export type AttributionModel = (typeof attributionModels)[number];

/** How long before an order a touch counts, ISO 8601. */
export interface LookBack {
  window: string;
  /** Of clicks on messages of a channel, where it is another. */
  channels: Partial<Record<ChannelName, string>>;
}

/** Settings `attribution`, versioned. */
export interface AttributionSettings {
  lookBack: Record<AttributionModel, LookBack>;
  /** Sites from which customers come back in the midst of a purchase, such as where they pay: no touch. With all below them. */
  ignoredReferrers: string[];
}

export const longestLookBack = 'P365D';

export const defaultAttribution: AttributionSettings = {
  lookBack: {
    last_click: { window: 'P5D', channels: {} },
    last_non_direct: { window: 'P30D', channels: {} },
    first_interaction: { window: 'P90D', channels: {} },
  },
  ignoredReferrers: [],
};

/** What of a message orders are counted by. */
export interface TouchedMessage {
  journey: string;
  block: string;
  template: string;
  channel: string;
  /** Null: of no campaign. */
  campaign: string | null;
}

interface Moment {
  id: string;
  at: Date;
}

/** A person's click on a message; `link`: where it led, null where that is not known. */
export interface Click extends Moment {
  kind: 'click';
  message: TouchedMessage;
  link: string | null;
}

/** A page of the shop as Segment's clients tell of it: `context.page.url`, `context.page.referrer`, `context.campaign`. */
export interface PageVisit extends Moment {
  kind: 'visit';
  url: string | null;
  referrer: string | null;
  campaign: Record<string, unknown> | null;
}

export type Touch = Click | PageVisit;

export interface AttributionRule {
  model: AttributionModel;
  /** Milliseconds. */
  window: number;
  channels: Record<string, number>;
  /** Hosts that are no source: the shop's own, and those that it ignores. */
  ignored: readonly string[];
}

export function attributionRule(
  { lookBack, ignoredReferrers }: AttributionSettings,
  model: AttributionModel,
  shopUrl: string,
): AttributionRule {
  const { window, channels } = lookBack[model];
  const own = hostOf(shopUrl);
  const perChannel = Object.entries(channels).map(([channel, text]) => [channel, durationMs(text)]);
  return {
    model,
    window: durationMs(window),
    channels: Object.fromEntries(perChannel),
    ignored: [...(own === null ? [] : [own]), ...ignoredReferrers.map(bare)],
  };
}

/** How long before an order touches have to be known, milliseconds. A day more than the longest window: a visit just inside of it
 *  may be that of a click just outside. */
export function reachOf({ window, channels }: AttributionRule): number {
  return Math.max(window, ...Object.values(channels)) + durationMs('P1D');
}

/**
 * The one touch that an order is credited to; null where there is none. Windows are half-open: a touch counts from `window` before
 * the order on and before the order, not at its very instant. Of touches at one instant the one with the greater id is the later. What
 * has become of the order since is not asked, so that a cancellation takes away exactly what was credited.
 */
export function creditedTouch(placedAt: Date, touches: readonly Touch[], rule: AttributionRule): Touch | null {
  const isFirst = rule.model === 'first_interaction';
  const clicks = touches.filter((touch) => touch.kind === 'click');
  const visits = touches.filter((touch) => touch.kind === 'visit');
  const fromElsewhere = rule.model === 'last_click' ? [] : visits.filter((visit) => isTouch(visit, clicks, rule));
  const inTime = [...clicks, ...fromElsewhere].filter((touch) => isInWindow(touch, placedAt, rule));
  return inTime.reduce<Touch | null>((best, touch) => {
    return best === null || isBefore(touch, best) === isFirst ? touch : best;
  }, null);
}

function isInWindow(touch: Touch, placedAt: Date, { window, channels }: AttributionRule): boolean {
  const before = placedAt.getTime() - touch.at.getTime();
  const longest = touch.kind === 'click' ? (channels[touch.message.channel] ?? window) : window;
  return before > 0 && before <= longest;
}

function isBefore(one: Moment, other: Moment): boolean {
  const between = one.at.getTime() - other.at.getTime();
  return between === 0 ? one.id < other.id : between < 0;
}

/** Whether a visit is a touch of its own. Who follows a link of ours comes with its UTM: that is the click, told once more. */
function isTouch(visit: PageVisit, clicks: readonly Click[], { ignored }: AttributionRule): boolean {
  const utm = utmOf(visit);
  if (utm === null) return isFromElsewhere(visit, ignored);
  return !clicks.some((click) => !isBefore(visit, click) && linkUtm(click.link) === utm);
}

/** What came from a page of another site. */
function isFromElsewhere({ url, referrer }: PageVisit, ignored: readonly string[]): boolean {
  const from = hostOf(referrer);
  const here = hostOf(url);
  if (from === null || from === here) return false;
  return !ignored.some((host) => from === host || from.endsWith(`.${host}`));
}

const utmNames = ['source', 'medium', 'campaign', 'content'] as const;

/** UTM parameters as one text to compare by; null: none. Those of the address go before what the client made of them. */
function utmOf({ url, campaign }: PageVisit): string | null {
  return linkUtm(url) ?? utmText((name) => campaign?.[name === 'campaign' ? 'name' : name]);
}

function linkUtm(url: string | null): string | null {
  if (url === null) return null;
  const parameters = URL.parse(url)?.searchParams;
  return utmText((name) => parameters?.get(`utm_${name}`));
}

function utmText(value: (name: (typeof utmNames)[number]) => unknown): string | null {
  const given = utmNames.map((name) => value(name) ?? '');
  return given.every((one) => one === '') ? null : JSON.stringify(given);
}

function hostOf(url: string | null): string | null {
  const host = url === null ? null : URL.parse(url)?.host;
  return host ? bare(host) : null;
}

function bare(host: string): string {
  return host.toLowerCase().replace(/^www\./, '');
}
