import { z } from 'zod';

/** What goes by which channel and until when is said with each send. */
export const settings = z.strictObject({
  enabled: z.boolean().default(true).describe('`false`: nothing that is asked for is sent'),
});
