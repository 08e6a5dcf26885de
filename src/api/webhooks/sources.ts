import { shopify } from './shopify.ts';
import { standard } from './standard.ts';
import type { WebhookSource } from './told.ts';
import { woocommerce } from './woocommerce.ts';

export const webhookSources = { shopify, woocommerce, standard } satisfies Record<string, WebhookSource>;

export const webhookSourceNames = ['shopify', 'woocommerce', 'standard'] as const satisfies readonly SourceName[];
export type SourceName = keyof typeof webhookSources;

export function webhookSource(name: unknown): { name: SourceName; source: WebhookSource } | null {
  const found = webhookSourceNames.find((one) => one === name);
  return found === undefined ? null : { name: found, source: webhookSources[found] };
}
