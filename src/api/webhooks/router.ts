import express, { type Request, type Response, Router } from 'express';
import type { ApiDeps } from '#api/deps.ts';
import { Problem } from '#api/problems.ts';
import type { Answer, ProviderWebhook } from '#channels/webhook.ts';
import { Overloaded } from '#db/intake.ts';
import { createSealer, type Sealer } from '#db/seal.ts';
import { sealedSecrets } from '#db/webhook-secrets.ts';
import { defaultShop } from '#domain/shop.ts';
import { createHearing, type Hearing, type Teller } from './heard.ts';
import { providerWebhook } from './providers.ts';
import { webhookSource } from './sources.ts';
import { type Stored, take } from './take.ts';
import type { Delivery, WebhookSource } from './told.ts';

export type WebhookDeps = Pick<ApiDeps, 'db' | 'clock' | 'intake' | 'relay' | 'log' | 'secret' | 'publicUrl' | 'shop'>;

/** Shops send whole products with all their variants. */
const bodyLimit = '5mb';

/** `/webhooks/:source`, for shops and for providers of messages: signatures are checked on the raw bytes; 2xx means that what it
 *  tells is committed, or that it tells nothing we keep. A source without a secret is closed. */
export function webhooksRouter(deps: WebhookDeps): Router {
  const router = Router();
  const sealer = createSealer(deps.secret);
  const hearing = createHearing(deps);
  // As it came: unpacked, it would not be what was signed.
  const raw = express.raw({ type: () => true, limit: bodyLimit, inflate: false });
  router.post('/webhooks/:source', raw, async (request: SourceRequest, response) => {
    const shop = webhookSource(request.params.source);
    if (!shop) return hear(deps, hearing, sealer, request, response);
    const { sourceId, secrets } = await openSecrets(deps, sealer, shop.name);
    response.json({ success: true, ...(await handle(deps, shop.source, deliveryOf(request), sourceId, secrets)) });
  });
  // How a provider asks whose address this is (WhatsApp); some tell everything so, if they are set to.
  router.get('/webhooks/:source', async (request: SourceRequest, response) =>
    hear(deps, hearing, sealer, request, response),
  );
  return router;
}

type SourceRequest = Request<{ source: string }>;

async function hear(
  deps: WebhookDeps,
  hearing: Hearing,
  sealer: Sealer,
  request: SourceRequest,
  response: Response,
): Promise<void> {
  const found = providerWebhook(request.params.source);
  if (!found) throw new Problem('webhook_unknown');
  const { sourceId, secrets } = await openSecrets(deps, sealer, found.name);
  const delivery = { ...deliveryOf(request), method: request.method, url: deps.publicUrl + request.originalUrl };
  const verdict = await found.webhook.check(delivery, secrets, Date.now());
  if (verdict !== 'genuine') throw new Problem(verdict === 'wrong' ? 'wrong_signature' : 'stale_signature');
  const answer =
    (await found.webhook.answer?.(delivery, secrets)) ??
    (await keep(hearing, { provider: found.name, sourceId }, found.webhook, delivery));
  response.status(answer.status).set('Cache-Control', 'no-store').type(answer.contentType).send(answer.body);
}

/** A provider cannot mend what it sends: what is not in its shape is answered as if it were, so that it is not sent for days. */
async function keep(
  hearing: Hearing,
  teller: Teller,
  webhook: ProviderWebhook,
  delivery: Parameters<ProviderWebhook['read']>[0],
): Promise<Answer> {
  const events = webhook.read(delivery);
  const { early } = await hearing.keep(teller, events ?? []).catch((error: unknown) => {
    throw error instanceof Overloaded ? new Problem('overloaded', { headers: { 'Retry-After': '1' } }) : error;
  });
  if (early > 0) throw new Problem('message_not_yet_known', { headers: { 'Retry-After': '30' } });
  const told = { success: true, stored: events?.length ?? 0, ...(events === null && { ignored: 'an unknown shape' }) };
  return webhook.thanks ?? { status: 200, contentType: 'application/json', body: JSON.stringify(told) };
}

async function handle(
  deps: WebhookDeps,
  source: WebhookSource,
  delivery: Delivery,
  sourceId: string,
  secrets: readonly string[],
): Promise<Stored> {
  if (source.isProbe?.(delivery)) return { stored: 0, ignored: 'a test of the address' };
  const verdict = source.check(delivery, secrets, Date.now());
  if (verdict !== 'genuine') throw new Problem(verdict === 'wrong' ? 'wrong_signature' : 'stale_signature');
  const told = source.read(delivery, deps.shop?.() ?? defaultShop);
  if (told.tells === 'nothing' && source.refuses) throw new Problem('malformed_json');
  return take(told, { deps, sourceId, refuses: source.refuses });
}

function deliveryOf(request: Request): Delivery {
  const raw: unknown = request.body;
  return { raw: Buffer.isBuffer(raw) ? raw : Buffer.alloc(0), header: (name) => request.get(name) };
}

/** What was sealed under another VESTNIK_SECRET is no secret any more, and is said in the log. Throws a Problem without any. */
async function openSecrets({ db, log }: WebhookDeps, sealer: Sealer, source: string) {
  const rows = await sealedSecrets(db, source);
  const open = rows.flatMap(({ id, sourceId, sealed }) => {
    const secret = sealer.open(sealed, `${source} ${id}`);
    if (secret === null)
      log.warn({ id, source }, 'a webhook secret was sealed under another VESTNIK_SECRET: add it anew');
    return secret === null ? [] : [{ sourceId, secret }];
  });
  const [first] = open;
  if (!first) throw new Problem('webhook_closed');
  return { sourceId: first.sourceId, secrets: open.map(({ secret }) => secret) };
}
