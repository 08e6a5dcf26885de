import { z } from 'zod';
import { cohorts, firstOrderDays } from '#db/metrics/cohorts.ts';
import { type CustomerMetrics, metricsOfCustomer, transitionsOf } from '#db/metrics/customer.ts';
import { byCode, byLtv, bySegment, byStage, ltvSettings, moves, type Part, refreshedAt } from '#db/metrics/reports.ts';
import { rfmSettings } from '#db/metrics/rules.ts';
import { readThresholds } from '#db/metrics/thresholds.ts';
import { currentShop } from '#db/settings.ts';
import { allCodes, bins, offerOf, otherSegment, type RfmSettings, shownCode } from '#domain/rfm.ts';
import { codeName } from '#domain/rfm-defaults.ts';
import type { Locale } from '#domain/shop.ts';
import { stages, stageTitles } from '#domain/stages.ts';
import { tag as customersTag, gone, living, params } from './customers.ts';
import { languageOf } from './language.ts';
import { route } from './route.ts';
import { languageQuery } from './schemas/common.ts';
import {
  cohortsQuery,
  cohortsReport,
  customerMetrics,
  ltvReport,
  profileReportQuery,
  rfmReport,
  stagesQuery,
  stagesReport,
} from './schemas/reports.ts';

const tag = 'Reports';
const day = 86_400_000;

const rfm = route({
  method: 'get',
  path: '/reports/rfm',
  tag,
  summary: 'Customers by RFM code and named segment',
  description: 'Digits are recency, frequency and money. All codes are told, also those that nobody has.',
  query: profileReportQuery,
  answer: rfmReport,
  async handle({ query: { profile, lang }, request, deps }) {
    const locale = languageOf(request, lang);
    const { value: settings } = await rfmSettings(deps.db);
    const { currency } = await currentShop(deps.db);
    const [codes, segments, thresholds] = await Promise.all([
      byCode(deps.db, profile),
      bySegment(deps.db, profile),
      readThresholds(deps.db, settings),
    ]);
    const known = [...settings.segments.map(({ key }) => key), otherSegment];
    return {
      at: await refreshedAt(deps.db),
      profile,
      best: settings.best,
      codes: allCodes(bins.codes).map((code) => {
        const found = codes.find((one) => one.code === code);
        return { ...codeIn(settings, code, locale), ...sums(found, currency), offer: offerIn(settings, code, locale) };
      }),
      segments: known.map((segment) => {
        const found = segments.find((one) => one.segment === segment);
        return { segment, title: segmentTitle(settings, segment, locale), ...sums(found, currency) };
      }),
      thresholds: thresholds[profile],
    };
  },
});

function codeIn({ best }: RfmSettings, code: number, locale: Locale) {
  return { code: shownCode(code, bins.codes, best), name: codeName(code, locale) };
}

function offerIn({ best, offers }: RfmSettings, code: number, locale: Locale) {
  const offer = offerOf(shownCode(code, bins.codes, best), offers);
  return offer && { title: offer.title[locale], promo: offer.promo };
}

function segmentTitle({ segments }: RfmSettings, segment: string, locale: Locale): string {
  const others = { en: 'Others', ru: 'Остальные' };
  return (segments.find(({ key }) => key === segment)?.title ?? others)[locale];
}

function sums(part: Part | undefined, currency: string) {
  const { customers = 0, orders = 0, turnover = 0, profit = null } = part ?? {};
  return {
    customers,
    orders,
    turnover: { amount: turnover, currency },
    profit: profit === null ? null : { amount: profit, currency },
  };
}

const stagesRoute = route({
  method: 'get',
  path: '/reports/stages',
  tag,
  summary: 'Customers by lifecycle stage, and who went from which to which',
  query: stagesQuery,
  answer: stagesReport,
  async handle({ query, request, deps }) {
    const { profile } = query;
    const locale = languageOf(request, query.lang);
    const { currency } = await currentShop(deps.db);
    const to = query.to ?? deps.clock.now();
    const from = query.from ?? new Date(to.getTime() - 30 * day);
    const [found, items] = await Promise.all([byStage(deps.db, profile), moves(deps.db, profile, from, to)]);
    return {
      at: await refreshedAt(deps.db),
      profile,
      stages: stages.map((stage) => {
        const part = found.find((one) => one.stage === stage);
        return { stage, title: stageTitles[stage][locale], ...sums(part, currency) };
      }),
      transitions: { from, to, items },
    };
  },
});

const ltv = route({
  method: 'get',
  path: '/reports/ltv',
  tag,
  summary: 'Customers by bands of what they have brought',
  query: profileReportQuery,
  answer: ltvReport,
  async handle({ query: { profile, lang }, request, deps }) {
    const locale = languageOf(request, lang);
    const settings = await ltvSettings(deps.db);
    const { currency } = await currentShop(deps.db);
    const bands = (await byLtv(deps.db, profile, settings)).map(({ band, from, ...part }) => {
      const value = settings.of === 'turnover' ? part.turnover : (part.profit ?? 0);
      const amount = Math.max(0, Math.round(value / part.customers));
      return {
        band: band.key,
        title: band.title[locale],
        from: { amount: Math.max(0, from), currency },
        ...sums(part, currency),
        perCustomer: part.customers === 0 ? null : { amount, currency },
      };
    });
    return { at: await refreshedAt(deps.db), profile, of: settings.of, bands };
  },
});

const cohortsRoute = route({
  method: 'get',
  path: '/reports/cohorts',
  tag,
  summary: 'Cohorts by months: how many come back, how often, for how much',
  description: 'A group is narrowed to a sale by its days: `group=sale&from=…&to=…`.',
  query: cohortsQuery,
  answer: cohortsReport,
  async handle({ query: { profile, ...query }, deps }) {
    const { zone, currency } = await currentShop(deps.db);
    const to = query.to ?? deps.clock.now();
    const from = query.from ?? new Date(to.getTime() - 730 * day);
    const found = await cohorts(deps.db, { ...query, profile: profile ?? null, from, to, zone, currency });
    const named =
      query.rows === 'days_to_first_order' ? found.map((one) => ({ ...one, cohort: bandOf(one.cohort) })) : found;
    return { at: await refreshedAt(deps.db), from, to, value: query.value, currency, cohorts: named };
  },
});

/** `8` → `8–30`. */
function bandOf(first: string): string {
  const next = firstOrderDays.find((day) => day > Number(first));
  if (next === undefined) return `${first}+`;
  return next - 1 === Number(first) ? first : `${first}–${next - 1}`;
}

const metricsRoute = route({
  method: 'get',
  path: '/customers/{id}/metrics',
  tag: customersTag,
  summary: 'What a customer’s orders say: turnover, average cheque, frequency, profit, RFM, lifecycle stage',
  description: 'One entry for each kind of profile that has orders.',
  params,
  query: z.strictObject(languageQuery),
  answer: customerMetrics,
  problems: gone,
  async handle({ params, query: { lang }, request, deps }) {
    const { id, ids } = await living(deps, params.id);
    const { value: settings } = await rfmSettings(deps.db);
    const { currency } = await currentShop(deps.db);
    const locale = languageOf(request, lang);
    const [profiles, transitions] = await Promise.all([metricsOfCustomer(deps.db, id), transitionsOf(deps.db, ids)]);
    return {
      at: await refreshedAt(deps.db),
      profiles: profiles.map((metrics) => shown(metrics, settings, currency, locale)),
      transitions: transitions.map(({ profile, from, to, at }) => ({ profile, from, to, at })),
    };
  },
});

function shown(metrics: CustomerMetrics, settings: RfmSettings, currency: string, locale: Locale) {
  const { turnover, average, profit, discounted, code, score, segment, stage, stageAt, ...rest } = metrics;
  return {
    ...rest,
    turnover: { amount: turnover, currency },
    averageCheque: { amount: average, currency },
    profit: profit === null ? null : { amount: profit, currency },
    discountedOrders: discounted,
    rfm: {
      ...codeIn(settings, code, locale),
      best: settings.best,
      score: shownCode(score, bins.scores, settings.best),
      segment,
      title: segmentTitle(settings, segment, locale),
      offer: offerIn(settings, code, locale),
    },
    stage: { stage, title: stageTitles[stage][locale], since: stageAt },
  };
}

export const reportRoutes = [rfm, stagesRoute, cohortsRoute, ltv, metricsRoute];
