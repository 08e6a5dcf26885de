import { z } from 'zod';
import { instant, listOf, orNull, uuid } from './common.ts';

export const keyInput = z.strictObject({ name: z.string().trim().min(1).max(100) }).meta({ id: 'KeyInput' });

export const keyRow = z
  .object({ id: uuid, name: z.string(), createdAt: instant, revokedAt: orNull(instant) })
  .meta({ id: 'Key' });

export const keyList = listOf(keyRow).meta({ id: 'KeyList' });

export const sourceCreated = keyRow
  .extend({ writeKey: z.string().meta({ description: 'For the tracking API, in the clear this once' }) })
  .meta({ id: 'SourceCreated' });

export const apiKeyCreated = keyRow
  .extend({ key: z.string().meta({ description: 'For `Authorization: Bearer`, in the clear this once' }) })
  .meta({ id: 'ApiKeyCreated' });
