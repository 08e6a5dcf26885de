import { z } from 'zod';
import { habitDays } from '#db/habits.ts';
import { opensTails, type Tail } from '#db/tails.ts';
import { isoDurationOf, suggestedAfter } from '#domain/tails.ts';
import { route } from './route.ts';
import { statsQuery } from './schemas/journeys.ts';
import { journeyTails } from './schemas/tails.ts';
import { journeyNamed } from './settings.ts';

const tails = route({
  method: 'get',
  path: '/journeys/{name}/tails',
  tag: 'Journeys',
  summary: 'How long people take to open, and what to wait for an open before the next channel',
  description: 'From the provider taking a message to the first open by a person. Without `from` the last 365 days.',
  params: z.object({ name: z.string().max(100) }),
  query: statsQuery,
  answer: journeyTails,
  problems: ['journey_not_found'],
  async handle({ params, query, deps: { db, clock } }) {
    const journey = journeyNamed(params.name);
    const to = query.to ?? clock.now();
    const from = query.from ?? new Date(to.getTime() - habitDays * 86_400_000);
    const found = await opensTails(db, journey, { from, to });
    const channels = found.filter(({ block }) => block === null).map(show);
    const blocks = found.flatMap(({ block, ...tail }) => (block === null ? [] : [{ block, ...show(tail) }]));
    return { journey, from, to, channels, blocks };
  },
});

function show({ channel, count, p50, p80, p90, p95 }: Omit<Tail, 'block'>) {
  return {
    channel,
    count,
    p50: isoDurationOf(p50),
    p80: isoDurationOf(p80),
    p90: isoDurationOf(p90),
    p95: isoDurationOf(p95),
    suggestedAfter: suggestedAfter(p90, count),
  };
}

export const tailRoutes = [tails];
