import { z } from 'zod';
import { orderSteps } from '#domain/order-state.ts';
import { entering, recommendation, validFor } from '#workflows/settings-schemas.ts';

export const settings = z.strictObject({
  ...entering,
  enabled: z.boolean().default(false).describe('Off until somebody wants it: many shops confirm orders themselves'),
  steps: z
    .array(z.enum(orderSteps))
    .max(orderSteps.length)
    .default([...orderSteps])
    .describe('What the buyer is told of; leave out what the shop tells by itself'),
  validFor,
  recommend: recommendation({ from: ['complementary', 'similar', 'hits'], count: 4 }).describe(
    'What the confirmation shows below the order',
  ),
  recommendTo: z
    .enum(['granted', 'reachable', 'nobody'])
    .default('granted')
    .describe(
      'Goods in a service letter are advertising (38-FZ). `granted`: to those with a recorded consent for e-mail; `reachable`: to all ' +
        'whom advertising may go to by the settings of the shop',
    ),
});
