import { z } from 'zod';
import type { FieldError } from '#api/problems.ts';
import { give } from '#api/site/registration.ts';
import { devicesOfCustomers, type NewDevice } from '#db/devices.ts';
import { knownPushServices } from '#domain/push-services.ts';
import { gone, living, params, tag } from './customers.ts';
import { type Call, route } from './route.ts';
import { deviceInput, deviceList, deviceResults, devicesInput } from './schemas/devices.ts';
import { fieldError, fieldErrors, unstorable } from './validate.ts';

const body = z.strictObject({ items: z.array(z.unknown()).min(1).max(10) });

const list = route({
  method: 'get',
  path: '/customers/{id}/devices',
  tag,
  summary: 'Browsers and apps of a customer that take notifications, the newest first',
  description: 'Never their addresses: whoever has one can write to that device. The export has them.',
  params,
  answer: deviceList,
  problems: gone,
  async handle({ params, deps }) {
    const { ids } = await living(deps, params.id);
    const rows = await devicesOfCustomers(deps.db, ids);
    return { items: rows.map(({ address: _, ...shown }) => shown), next: null };
  },
});

const put = route({
  method: 'put',
  path: '/customers/{id}/devices',
  tag,
  summary: 'Adds browsers and apps that take notifications',
  description:
    'Each item is answered on its own, in order. A device belongs to one customer at a time: the last who was named. Who allowed ' +
    'notifications has consented to advertising by them.',
  params,
  body,
  bodyInDocument: devicesInput,
  answer: deviceResults,
  example: { items: [{ channel: 'app_push', token: 'dVc3:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx' }] },
  problems: gone,
  handle: putAll,
});

type PutCall = Call<z.output<typeof params>, undefined, z.output<typeof body>>;

async function putAll({ params, body: { items }, deps }: PutCall) {
  const { id } = await living(deps, params.id);
  const schema = deviceInput([...knownPushServices, ...(deps.webPush?.services ?? [])]);
  const answers = [];
  for (const [index, item] of items.entries()) {
    const read = readItem(schema, item, index);
    if ('errors' in read) {
      answers.push({ index, status: 'refused', errors: read.errors });
      continue;
    }
    // The address that calls is the shop's own, and no customer's.
    await give(deps, id, read.device, read.allowed ? { source: 'api', ip: null } : null);
    answers.push({ index, status: 'stored' });
  }
  return { items: answers };
}

type Item = { device: NewDevice; allowed: boolean } | { errors: FieldError[] };

function readItem(schema: ReturnType<typeof deviceInput>, item: unknown, index: number): Item {
  const where = ['items', index];
  const bad = unstorable(item);
  if (bad) return { errors: [fieldError([...where, ...bad.path], bad.message, true)] };
  const parsed = schema.safeParse(item);
  if (!parsed.success) return { errors: fieldErrors(parsed.error, true, where) };
  const { data } = parsed;
  const address =
    data.channel === 'web_push'
      ? { address: data.subscription.endpoint, keys: data.subscription.keys }
      : { address: data.token, keys: null };
  return { device: { channel: data.channel, ...address, userAgent: null }, allowed: data.allowed };
}

export const deviceRoutes = [list, put];
