import { z } from 'zod';
import { channelNames } from '#domain/journey.ts';
import { duration as settingsDuration } from '#workflows/settings-schemas.ts';
import { instant, orNull } from './common.ts';

const duration = z.iso.duration();
const quantile = (share: string) => duration.meta({ description: `Until ${share} of the opens had come` });

const tail = {
  channel: z.enum(channelNames),
  count: z.int().min(1).meta({ description: 'Messages that a person opened' }),
  p50: quantile('half'),
  p80: quantile('80 %'),
  p90: quantile('90 %'),
  p95: quantile('95 %'),
  suggestedAfter: orNull(settingsDuration).meta({
    description:
      'For the `after` of this channel in a cascade: the 90 % tail, rounded up; null where ten opens are not there',
  }),
};

export const journeyTails = z
  .object({
    journey: z.string(),
    from: instant,
    to: instant,
    channels: z.array(z.object(tail)).meta({ description: 'All blocks together' }),
    blocks: z.array(z.object({ block: z.string(), ...tail })),
  })
  .meta({ id: 'JourneyTails' });
