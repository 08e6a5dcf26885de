import { type EmailPart, emailHealthCounts } from '#db/email-health.ts';
import { currentSettings, currentShop } from '#db/settings.ts';
import {
  complaintThresholds,
  defaultEmailHealth,
  type EmailCounts,
  type EmailHealthSettings,
  emailHealth,
  rateNames,
  rateOf,
  smallBelow,
  sumOf,
  warningWords,
} from '#domain/email-health.ts';
import type { Locale } from '#domain/shop.ts';
import { languageOf } from './language.ts';
import { route } from './route.ts';
import { emailHealthQuery, emailHealthReport } from './schemas/email-health.ts';

const day = 86_400_000;

const report = route({
  method: 'get',
  path: '/reports/email-health',
  tag: 'Reports',
  summary:
    'What became of letters: delivered, bounced, opened, clicked, unsubscribed, complained, beside the industry’s',
  description:
    'Every rate says of what it is a share. Opens by programs (Apple’s proxy, filters) are apart from people’s. A sample of fewer ' +
    'than 1,000 delivered letters is marked and not judged. Test sends are left out.',
  query: emailHealthQuery,
  answer: emailHealthReport,
  async handle({ query: { by, lang, ...query }, request, deps }) {
    const to = query.to ?? deps.clock.now();
    const from = query.from ?? new Date(to.getTime() - 30 * day);
    const { zone } = await currentShop(deps.db);
    const saved = (await currentSettings(deps.db, 'email-health'))?.value as EmailHealthSettings | undefined;
    const { industry } = saved ?? defaultEmailHealth;
    const parts = await emailHealthCounts(deps.db, { from, to, by, zone });
    const show = (counts: EmailCounts) => view(counts, industry, languageOf(request, lang));
    return {
      from,
      to,
      by,
      industry: industry && { source: industry.source, year: industry.year, statistic: industry.statistic },
      thresholds: { complaints: complaintThresholds, smallBelow },
      total: show(sumOf(parts)),
      items: parts.map(({ key, ...counts }: EmailPart) => ({ key, ...show(counts) })),
    };
  },
});

function view(counts: EmailCounts, industry: EmailHealthSettings['industry'], locale: Locale) {
  const { sent, delivered, confirmed, clicked, unsubscribed, complained } = counts;
  const { rates, isSmall, warning } = emailHealth(counts);
  const beside = rateNames.map((name) => [
    name,
    { value: rates[name], of: rateOf[name], industry: industry?.rates[name] ?? null },
  ]);
  return {
    sent,
    delivered,
    confirmed,
    bounced: { hard: counts.hardBounced, soft: counts.softBounced },
    opened: { human: counts.openedByHuman, unknown: counts.openedByUnknown, machine: counts.openedByMachine },
    clicked,
    unsubscribed,
    complained,
    rates: Object.fromEntries(beside),
    isSmall,
    warning: warning && { code: warning, text: warningWords[warning][locale] },
  };
}

export const emailHealthRoutes = [report];
