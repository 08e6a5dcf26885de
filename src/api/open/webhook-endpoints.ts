import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Problem } from '#api/problems.ts';
import { standardSecretFault } from '#channels/standard-webhooks.ts';
import { createSealer } from '#db/seal.ts';
import { addEndpoint, deleteEndpoint, listDeliveries, listEndpoints, sealContext } from '#db/webhook-endpoints.ts';
import { route } from './route.ts';
import {
  webhookDeliveryList,
  webhookEndpointCreated,
  webhookEndpointInput,
  webhookEndpointList,
} from './schemas/webhook-endpoints.ts';
import { fieldError } from './validate.ts';

const tag = 'Webhooks';
const params = z.object({ id: z.uuid() });

const list = route({
  method: 'get',
  path: '/webhook-endpoints',
  tag,
  summary: 'Where our webhooks go, newest first, and what is on its way there',
  answer: webhookEndpointList,
  async handle({ deps }) {
    return { items: await listEndpoints(deps.db), next: null };
  },
});

const add = route({
  method: 'post',
  path: '/webhook-endpoints',
  tag,
  summary: 'Has webhooks sent to an address',
  description:
    'Signed as Standard Webhooks have it (`webhook-id`, `webhook-timestamp`, `webhook-signature`); a library of theirs checks them. ' +
    'Any 2xx within 15 s counts as taken; else it is tried again for about three days. Repeats have the same `webhook-id`. 410 ends it.',
  body: webhookEndpointInput,
  example: { url: 'https://shop.example/hooks/vestnik', events: ['hold.*'] },
  status: 201,
  answer: webhookEndpointCreated,
  async handle({ body, deps }) {
    const secret = body.secret ?? `whsec_${randomBytes(32).toString('base64')}`;
    const fault = standardSecretFault(secret);
    if (fault) throw new Problem('invalid_request', { errors: [fieldError(['secret'], fault, true)] });
    const sealer = createSealer(deps.secret);
    const seal = (id: string) => sealer.seal(secret, sealContext(id));
    return { ...(await addEndpoint(deps.db, body, seal, deps.clock.now())), secret };
  },
});

const remove = route({
  method: 'delete',
  path: '/webhook-endpoints/{id}',
  tag,
  summary: 'Sends nothing there any more; what was on its way is dropped',
  params,
  status: 204,
  problems: ['endpoint_not_found'],
  async handle({ params: { id }, deps }) {
    if (!(await deleteEndpoint(deps.db, id))) throw new Problem('endpoint_not_found');
    return undefined;
  },
});

const deliveries = route({
  method: 'get',
  path: '/webhook-endpoints/{id}/deliveries',
  tag,
  summary: 'The latest 200 webhooks to an address, and what became of them',
  params,
  answer: webhookDeliveryList,
  problems: ['endpoint_not_found'],
  async handle({ params: { id }, deps }) {
    const known = await listEndpoints(deps.db);
    if (!known.some((endpoint) => endpoint.id === id)) throw new Problem('endpoint_not_found');
    return { items: await listDeliveries(deps.db, id, 200), next: null };
  },
});

export const webhookEndpointRoutes = [list, add, remove, deliveries];
