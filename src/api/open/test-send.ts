import { z } from 'zod';
import { Problem } from '#api/problems.ts';
import { newId } from '#db/ids.ts';
import { type MessageRequest, requestMessage } from '#db/message-requests.ts';
import { channelNames } from '#domain/journey.ts';
import { emailAddress } from '#domain/segment.ts';
import { locales } from '#domain/shop.ts';
import { type JourneyName, messageChannels } from '#workflows/catalogue.ts';
import { living } from './customers.ts';
import { type Call, route } from './route.ts';
import { uuid } from './schemas/common.ts';
import { sendAnswer, templateName } from './schemas/send.ts';
import { mustBeEnabled, recipientOf, shown } from './send.ts';
import { wayTo } from './send-way.ts';
import { journeyNamed } from './settings.ts';
import { fieldError } from './validate.ts';

const params = z.object({ name: z.string().max(100) });

const input = z
  .strictObject({
    message: templateName.meta({ description: 'One of the journey’s' }),
    channel: z.enum(channelNames).default('email'),
    locale: z.enum(locales).optional(),
    email: z
      .string()
      .max(254)
      .refine((text) => emailAddress(text) !== null, 'must be an e-mail address')
      .optional()
      .meta({ description: 'Where it goes: this, or one of the three below' }),
    phone: z.string().max(40).optional(),
    customerId: uuid.optional(),
    userId: z.string().trim().min(1).max(255).optional(),
    about: uuid
      .optional()
      .meta({ description: 'The customer whose data it shows; a sample of the catalogue, if left out' }),
  })
  .refine(({ customerId, userId, email, phone }) => [customerId, userId, email, phone].filter(Boolean).length === 1, {
    path: ['email'],
    message: 'or phone, customerId or userId: exactly one says where it goes',
  })
  .meta({ id: 'TestInput' });

/** How long a test may take to go. */
const validForMs = 3_600_000;

const test = route({
  method: 'post',
  path: '/journeys/{name}/test',
  tag: 'Journeys',
  summary: 'Sends a message of the journey to somebody as a test',
  description:
    'With what the journey would tell the customer `about` now, and a sample of the catalogue where it would tell nothing. It is marked ' +
    'as a test, takes no place of the contact policy, and stands in the ledger as step `test` of the journey `message`.',
  params,
  body: input,
  example: { message: 'cart-reminder', email: 'marketer@shop.example' },
  status: 202,
  answer: sendAnswer,
  problems: [
    'journey_not_found',
    'customer_not_found',
    'customer_erased',
    'not_reachable',
    'journey_disabled',
    'overloaded',
  ],
  handle: sendTest,
});

async function sendTest({
  params: { name },
  body,
  caller,
  deps,
}: Call<z.output<typeof params>, undefined, z.output<typeof input>>) {
  await mustBeEnabled(deps);
  const journey = journeyNamed(name);
  const channels = channelsOf(journey, body.message);
  const about = body.about === undefined ? null : (await living(deps, body.about)).id;
  const { customerId, to } = await recipientOf(body, caller.id, deps);
  const known = { name: body.message, has: (channel: (typeof channelNames)[number]) => channels.includes(channel) };
  const { channel, locale } = body;
  const way = await wayTo(deps, { customerId, profile: 'personal', to, channel, locale }, known);
  const now = deps.clock.now();
  const asked: MessageRequest = {
    ...{ id: newId(now), customerId, profile: 'personal', requestedAt: now, validForMs },
    ...{ template: body.message, journey, templateId: null, to, isTest: true, ...way },
  };
  const requested = await requestMessage(deps.db, { ...asked, data: { about } }, null, deps.secret);
  if (requested.result === 'taken') void deps.relay.push(requested.outbox);
  return shown(asked);
}

function channelsOf(journey: JourneyName, message: string) {
  const known = messageChannels[journey][message];
  if (known !== undefined) return known;
  const said = `must be one of ${Object.keys(messageChannels[journey]).join(', ')}`;
  throw new Problem('invalid_request', {
    detail: `message ${said}.`,
    errors: [fieldError(['message'], said, true)],
  });
}

export const testSendRoutes = [test];
