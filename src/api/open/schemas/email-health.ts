import { z } from 'zod';
import { emailGroups } from '#db/email-health.ts';
import { defaultEmailHealth, type EmailHealthSettings, rateNames, rateOf } from '#domain/email-health.ts';
import { instant, instantInput, languageQuery, orNull } from './common.ts';

const count = z.int().min(0);
const share = z.number().min(0).max(1);

export const emailHealthQuery = z
  .strictObject({
    from: instantInput.optional().meta({ description: 'When they were decided on; 30 days before `to`, if left out' }),
    to: instantInput.optional().meta({ description: 'Now, if left out' }),
    by: z.enum(emailGroups).default('day').meta({
      description:
        'Days, weeks (from Monday) and months are the shop’s; `message`: `journey/template`; `domain`: of the recipient, those of fewer than ten people together as `other`',
    }),
    ...languageQuery,
  })
  .refine(({ from, to }) => !from || !to || from < to, { path: ['to'], message: 'must be after `from`' });

function named<S extends z.ZodType>(of: (name: (typeof rateNames)[number]) => S) {
  return z.strictObject(
    Object.fromEntries(rateNames.map((name) => [name, of(name)])) as Record<keyof typeof rateOf, S>,
  );
}

const rates = named((name) =>
  z.object({
    value: orNull(share).meta({ description: `A share of what was ${rateOf[name]}; null: nothing was` }),
    of: z.literal(rateOf[name]),
    industry: orNull(share).meta({ description: 'What others have, where the source says so' }),
  }),
);

const part = {
  sent: count.meta({ description: 'The provider took them' }),
  delivered: count.meta({ description: 'Sent and not sent back' }),
  confirmed: count.meta({ description: 'Of these the provider, or a person who opened one, said that it arrived' }),
  bounced: z.object({
    hard: count.meta({ description: 'No such address, or its owner blocks us' }),
    soft: count,
  }),
  opened: z.object({ human: count, unknown: count, machine: count }).meta({
    description: 'A letter counts once, by whoever opened it most surely',
  }),
  clicked: count.meta({ description: 'By people' }),
  unsubscribed: count,
  complained: count,
  rates,
  isSmall: z.boolean().meta({ description: 'Too few for rates to say anything: nothing is judged' }),
  warning: orNull(
    z.object({ code: z.enum(['complaints_above_target', 'complaints_at_limit']), text: z.string() }),
  ).meta({ description: 'By the thresholds of Gmail and Yahoo' }),
};

const industry = z.strictObject({
  source: z.string().trim().min(1).max(300),
  year: z.int().min(2000).max(2200).meta({ description: 'That it is about' }),
  statistic: z.enum(['median', 'average']),
  rates: named(() => orNull(share).default(null)).meta({ description: 'Shares from 0 to 1; null: not known' }),
});

/** `EmailHealthSettings` of the domain, checked. */
export const emailHealthSettings = z
  .strictObject({
    industry: orNull(industry)
      .default(defaultEmailHealth.industry)
      .meta({ description: 'What the report shows beside the shop’s own rates; null: nothing' }),
  })
  .meta({ id: 'EmailHealthSettings' }) satisfies z.ZodType<EmailHealthSettings>;

export const emailHealthReport = z
  .object({
    from: instant,
    to: instant,
    by: z.enum(emailGroups),
    industry: orNull(industry.omit({ rates: true })).meta({ description: 'Whose figures stand beside the rates' }),
    thresholds: z.object({ complaints: z.object({ target: share, limit: share }), smallBelow: count }),
    total: z.object(part),
    items: z.array(z.object({ key: z.string(), ...part })),
  })
  .meta({ id: 'EmailHealthReport' });
