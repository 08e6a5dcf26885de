import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Problem } from '#api/problems.ts';
import { providerWebhook } from '#api/webhooks/providers.ts';
import { webhookSource } from '#api/webhooks/sources.ts';
import { createSealer } from '#db/seal.ts';
import { addWebhookSecret, deleteWebhookSecret, listWebhookSecrets } from '#db/webhook-secrets.ts';
import { route } from './route.ts';
import { webhookSecretCreated, webhookSecretInput, webhookSecretList } from './schemas/webhooks.ts';
import { fieldError } from './validate.ts';

const tag = 'Webhooks';

const list = route({
  method: 'get',
  path: '/webhook-secrets',
  tag,
  summary: 'Secrets by which webhooks are checked: newest first, never the secret itself',
  answer: webhookSecretList,
  async handle({ deps }) {
    return { items: await listWebhookSecrets(deps.db), next: null };
  },
});

const add = route({
  method: 'post',
  path: '/webhook-secrets',
  tag,
  summary: 'Opens `/webhooks/:source` to what is signed with this secret',
  description:
    'A source may have several, so that one can be changed for another without losing a webhook: add the new one, ' +
    'change it in the shop or at the provider, delete the old one. They are kept encrypted and shown this once.',
  body: webhookSecretInput,
  example: { source: 'shopify', name: 'app of 2026', secret: 'shpss_0123456789abcdef' },
  status: 201,
  answer: webhookSecretCreated,
  async handle({ body, deps }) {
    const secret = body.secret ?? `whsec_${randomBytes(32).toString('base64')}`;
    const source = webhookSource(body.source)?.source ?? providerWebhook(body.source)?.webhook;
    const fault = source?.secretFault?.(secret);
    if (fault) throw new Problem('invalid_request', { errors: [fieldError(['secret'], fault, true)] });
    const sealer = createSealer(deps.secret);
    const seal = (id: string) => sealer.seal(secret, `${body.source} ${id}`);
    return { ...(await addWebhookSecret(deps.db, body, seal, deps.clock.now())), secret };
  },
});

const remove = route({
  method: 'delete',
  path: '/webhook-secrets/{id}',
  tag,
  summary: 'Forgets a secret, at once; with its last one a source is closed',
  params: z.object({ id: z.uuid() }),
  status: 204,
  problems: ['secret_not_found'],
  async handle({ params, deps }) {
    if (!(await deleteWebhookSecret(deps.db, params.id))) throw new Problem('secret_not_found');
    return undefined;
  },
});

export const webhookSecretRoutes = [list, add, remove];
