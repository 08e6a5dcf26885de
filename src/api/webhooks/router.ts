import express, { type Request, Router } from 'express';
import type { ApiDeps } from '#api/deps.ts';
import { Problem } from '#api/problems.ts';
import { createSealer, type Sealer } from '#db/seal.ts';
import { sealedSecrets } from '#db/webhook-secrets.ts';
import { defaultShop } from '#domain/shop.ts';
import { type SourceName, webhookSource } from './sources.ts';
import { type Stored, take } from './take.ts';
import type { Delivery, WebhookSource } from './told.ts';

export type WebhookDeps = Pick<ApiDeps, 'db' | 'clock' | 'intake' | 'log' | 'secret' | 'shop'>;

/** Shops send whole products with all their variants. */
const bodyLimit = '5mb';

/** `POST /webhooks/:source`: signatures are checked on the raw bytes; 200 means that what it tells is committed, or that it
 *  tells nothing we keep. A source without a secret is closed. */
export function webhooksRouter(deps: WebhookDeps): Router {
  const router = Router();
  const sealer = createSealer(deps.secret);
  // As it came: unpacked, it would not be what was signed.
  const raw = express.raw({ type: () => true, limit: bodyLimit, inflate: false });
  router.post('/webhooks/:source', raw, async (request, response) => {
    const found = webhookSource(request.params.source);
    if (!found) throw new Problem('webhook_unknown');
    const secrets = await openSecrets(deps, sealer, found.name);
    const [first] = secrets;
    if (!first) throw new Problem('webhook_closed');
    const delivery = deliveryOf(request);
    response.json({ success: true, ...(await handle(deps, found.source, delivery, first.sourceId, secrets)) });
  });
  return router;
}

async function handle(
  deps: WebhookDeps,
  source: WebhookSource,
  delivery: Delivery,
  sourceId: string,
  secrets: readonly { secret: string }[],
): Promise<Stored> {
  if (source.isProbe?.(delivery)) return { stored: 0, ignored: 'a test of the address' };
  const keys = secrets.map(({ secret }) => secret);
  const verdict = source.check(delivery, keys, Date.now());
  if (verdict !== 'genuine') throw new Problem(verdict === 'wrong' ? 'wrong_signature' : 'stale_signature');
  const told = source.read(delivery, deps.shop?.() ?? defaultShop);
  if (told.tells === 'nothing' && source.refuses) throw new Problem('malformed_json');
  return take(told, { deps, sourceId, refuses: source.refuses });
}

function deliveryOf(request: Request): Delivery {
  const raw: unknown = request.body;
  return { raw: Buffer.isBuffer(raw) ? raw : Buffer.alloc(0), header: (name) => request.get(name) };
}

/** What was sealed under another VESTNIK_SECRET is no secret any more, and is said in the log. */
async function openSecrets({ db, log }: WebhookDeps, sealer: Sealer, source: SourceName) {
  const rows = await sealedSecrets(db, source);
  return rows.flatMap(({ id, sourceId, sealed }) => {
    const secret = sealer.open(sealed, `${source} ${id}`);
    if (secret === null)
      log.warn({ id, source }, 'a webhook secret was sealed under another VESTNIK_SECRET: add it anew');
    return secret === null ? [] : [{ sourceId, secret }];
  });
}
