/**
 * How often simulated customers do what. A probability each, unless it says otherwise. Sources are given where somebody has
 * published a figure; the rest are assumptions and say so (`docs/simulator.md` has the table).
 */
export interface Rates {
  // ── Visits ──
  /** Not a probability: of who comes neither often nor seldom. */
  visitsAWeek: number;
  /** Of visits that open nothing: no category, no item. */
  opensNothing: number;
  /** Of visits in which something is put into the cart. */
  cartVisits: number;
  /** Of carts that are not bought in the visit that fills them. */
  abandons: number;
  /** Of visits in which something becomes a favourite. */
  favouriteVisits: number;
  /** Of visits without signing in, by somebody who could. */
  anonymousVisits: number;
  /** Of visits by people whom the shop does not know: who leaves an address at its pop-up. */
  subscribes: number;
  /** Of consumables that have run out: bought again. */
  rebuys: number;
  /** Of customers: those whom the shop knew before the story begins; others sign in during some visit. */
  known: number;
  /** Of customers: buys once, and neither comes nor reads ever after. None in a usual shop; for stories about them. */
  silent: number;
  /** Of orders. */
  cancels: number;
  returns: number;
  // ── E-mail ──
  /** Of messages that somebody reads. `opens`, `clicks`: of journeys' messages; `bulk…`: of mass mailings. */
  opens: number;
  clicks: number;
  bulkOpens: number;
  bulkClicks: number;
  /** Of customers whose mail program is Apple's: it loads every picture by itself, and tells nothing of whether they read. */
  appleMail: number;
  /** Of messages. */
  bounces: number;
  unsubscribes: number;
  complains: number;
  /** Of visits that begin with a click in a message. */
  buysAfterClick: number;
  // ── Other channels ──
  /** Of messages by messenger or SMS whose link is followed. */
  textClicks: number;
  /** Of notifications that are pressed. */
  pushClicks: number;
}

export const usualRates: Rates = {
  // Assumption.
  visitsAWeek: 1.2,
  // Assumption; Second Friend Store found up to 5,000 such visitors a week (J7).
  opensNothing: 0.3,
  // 2.58 % of visits end with an order (Monetate, Q2 2019) and 70 % of carts are left (Baymard): 0.0258 / (1 - 0.7).
  cartVisits: 0.086,
  abandons: 0.7,
  // Assumptions.
  favouriteVisits: 0.06,
  anonymousVisits: 0.15,
  // Sumo, 1.75 billion pop-ups: 3.09 %.
  subscribes: 0.0309,
  // Assumptions.
  rebuys: 0.5,
  known: 0.7,
  silent: 0,
  cancels: 0.02,
  returns: 0.15,
  // Klaviyo, abandoned carts, 9.3 million deliveries in 2017: 41.18 % opened, 9.50 % clicked.
  opens: 0.4118,
  clicks: 0.095,
  // Mailchimp, October 2019, all accounts: 22.71 % opened, 2.91 % clicked, 0.40 % hard bounces, 0.25 % unsubscribed.
  bulkOpens: 0.2271,
  bulkClicks: 0.0291,
  bounces: 0.004,
  unsubscribes: 0.0025,
  // Litmus, July 2022: 52.7 % of opens come from Apple's privacy proxy, which opens everything; so fewer people use it.
  appleMail: 0.4,
  // Gmail wants it below 0.1 %; below 0.05 % is seen.
  complains: 0.0003,
  // 5 % of abandoned carts' messages end with an order, 9.50 % with a click.
  buysAfterClick: 0.5,
  // Assumptions.
  textClicks: 0.12,
  pushClicks: 0.04,
};
