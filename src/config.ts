import { z } from 'zod';
import { Failure } from '#domain/failure.ts';
import { type ChannelName, channelNames } from '#domain/journey.ts';
import { isPushService } from '#domain/push-services.ts';

/**
 * The only reader of the environment. Every variable is described here once; `.env.example` and `docker-compose.yml` are
 * checked against this list. Temporal's own (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TLS and API keys) are read by
 * `@temporalio/envconfig`.
 */
export const variables = {
  DATABASE_URL: {
    schema: z.url({ protocol: /^postgres(ql)?$/, error: 'must look like postgres://user:password@host:5432/database' }),
    about: 'PostgreSQL 15 or newer',
  },
  VESTNIK_SECRET: {
    schema: z.string().min(32, 'must have 32 characters or more, for example the output of "openssl rand -hex 32"'),
    about: 'Signs the links of messages; all processes share it, and a change makes old links fail',
  },
  VESTNIK_PUBLIC_URL: {
    schema: z
      .url({ protocol: /^https?$/, error: 'must be an http or https address' })
      .transform((url) => url.replace(/\/+$/, '')),
    about: 'Where recipients of messages reach the gateway',
  },
  VESTNIK_EMAIL_URL: {
    schema: z.url({
      protocol: /^(smtps?|postmark|sendgrid|mailgun|ses|resend)$/,
      error:
        'must look like smtp://user:password@host:587, postmark://TOKEN, sendgrid://KEY, mailgun://KEY@DOMAIN, ses://KEY_ID:SECRET@REGION or resend://KEY',
    }),
    about: 'Who sends e-mail, and by which account',
  },
  VESTNIK_HOST: { schema: z.string().min(1).default('0.0.0.0'), about: 'Address that the gateway listens on' },
  VESTNIK_PORT: { schema: port().default(3000), about: 'Port that the gateway listens on; 0: any free one' },
  VESTNIK_DATABASE_POOL: {
    schema: whole(1, 500).default(10),
    about: 'Database connections of one process; intake has two more of its own, a worker three',
  },
  VESTNIK_LOG_LEVEL: {
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
    about: 'fatal, error, warn, info, debug or trace',
  },
  VESTNIK_CACHED_WORKFLOWS: {
    schema: whole(1, 100_000).default(500),
    about: 'Runs that a worker keeps in memory, about 2 MB each at worst',
  },
  VESTNIK_SANDBOX: {
    schema: z.url({ protocol: /^smtps?$/, error: 'must look like smtp://localhost:1025' }).optional(),
    about: 'An SMTP server that gets every message of every channel, in place of the providers; for trying things out',
  },
  VESTNIK_RATES: {
    schema: z.string().transform(rates).default({}),
    about: 'Messages a second by channel, of all workers together, such as email=50,sms=10; others have no limit',
  },
  VESTNIK_STARTS_PER_SECOND: {
    schema: whole(1, 1_000).default(25),
    about: 'Journeys that lifecycle stages start, a second, of all workers together: what Temporal has room for',
  },
  VESTNIK_TELEGRAM_TOKEN: {
    schema: z
      .string()
      .regex(/^\d+:[\w-]{30,}$/, 'must look like 123456789:AA…, as @BotFather gives it')
      .optional(),
    about: "Of the shop's Telegram bot; without it there is none",
  },
  VESTNIK_TELEGRAM_API: {
    schema: z
      .url({ protocol: /^https?$/, error: 'must be an http or https address' })
      .transform((url) => url.replace(/\/+$/, ''))
      .optional(),
    about: "A Bot API server of your own, in place of Telegram's",
  },
  VESTNIK_TELEGRAM_MODE: {
    schema: z.enum(['webhook', 'polling'], 'must be webhook or polling').default('webhook'),
    about:
      'webhook: Telegram calls the public address; polling: a gateway asks Telegram, where there is no public address',
  },
  VESTNIK_TELEGRAM_SECRET: {
    schema: z
      .string()
      .regex(
        /^[\w-]{16,256}$/,
        'must have 16 to 256 letters, digits, _ or -, such as the output of "openssl rand -hex 32"',
      )
      .optional(),
    about: 'What Telegram proves its webhooks by; without it they are not taken',
  },
  VESTNIK_VAPID_PRIVATE_KEY: {
    schema: z
      .string()
      .regex(/^[\w-]{43}$/, 'must have 43 characters of base64url, as "npx web-push generate-vapid-keys" prints it')
      .optional(),
    about: 'The key of web push, where it is not to be the one that is made at the first start and kept',
  },
  VESTNIK_PUSH_SERVICES: {
    schema: z.string().transform(pushServices).default([]),
    about: 'Push services of browsers beside those that are known, such as push.example.com,*.push.example.org',
  },
  VESTNIK_FCM_SERVICE_ACCOUNT: {
    schema: z.string().optional(),
    about: 'For notifications of apps: the JSON of a Google service account, or the path of its file',
  },
  VESTNIK_SMS_URL: {
    schema: z
      .url({
        protocol: /^(twilio|smsc|smsru|file)$/,
        error: 'must look like twilio://SID:TOKEN@+15551234567 or smsc://login:password@SENDER (docs/channels.md)',
      })
      .optional(),
    about: 'Who sends SMS: Twilio, SMSC, SMS.ru, or a gateway described in a file',
  },
  VESTNIK_VIBER_URL: {
    schema: z
      .url({
        protocol: /^(infobip|file)$/,
        error: 'must look like infobip://API_KEY@SENDER?api=https://xxxxx.api.infobip.com (docs/channels.md)',
      })
      .optional(),
    about: 'Through whom Viber messages go: Infobip, or a partner described in a file',
  },
  VESTNIK_WHATSAPP_URL: {
    schema: z
      .url({ protocol: /^whatsapp$/, error: 'must look like whatsapp://TOKEN@PHONE_NUMBER_ID (docs/channels.md)' })
      .optional(),
    about: "The shop's number in WhatsApp's Cloud API",
  },
  VESTNIK_SHUTDOWN_SECONDS: {
    schema: whole(1, 600).default(30),
    about: 'Seconds that work under way gets when a process is asked to end',
  },
  VESTNIK_UI_URL: {
    schema: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).optional(),
    about: 'Where people reach Temporal UI, for the link on the start page',
  },
  VESTNIK_PRESET: {
    schema: z.string().min(1).default('default'),
    about: "Settings of the shop and the journeys at the first start: a preset's name",
  },
  VESTNIK_SCALE: {
    schema: z.coerce.number('must be a number').positive('must be more than 0').max(1_000_000).optional(),
    about: 'Business seconds in a real second, 1 by default; fixed at the first start',
  },
} as const satisfies Record<string, { schema: z.ZodType; about: string }>;

/** Variables that production processes do not read, and who does. */
export const readElsewhere = {
  POSTGRES_PASSWORD: 'docker-compose.yml',
  VESTNIK_TEMPORAL_CLI: 'scripts/provision/temporal.ts',
  VESTNIK_TEMPORAL_TEST_SERVER: 'scripts/provision/temporal.ts',
  VESTNIK_DATA: 'scripts/start/options.ts',
  VESTNIK_UI_PORT: 'scripts/start/options.ts',
  VESTNIK_SAMPLE: 'scripts/start/options.ts',
} as const;

export type Variable = keyof typeof variables;
export type Environment = Readonly<Record<string, string | undefined>>;

type Values<Names extends Variable> = { [Name in Names]: z.output<(typeof variables)[Name]['schema']> };

/** What each process reads. */
export const readers = {
  gateway: [
    'DATABASE_URL',
    'VESTNIK_SECRET',
    'VESTNIK_PUBLIC_URL',
    'VESTNIK_HOST',
    'VESTNIK_PORT',
    'VESTNIK_DATABASE_POOL',
    'VESTNIK_LOG_LEVEL',
    'VESTNIK_SHUTDOWN_SECONDS',
    'VESTNIK_UI_URL',
    'VESTNIK_VAPID_PRIVATE_KEY',
    'VESTNIK_PUSH_SERVICES',
    'VESTNIK_TELEGRAM_TOKEN',
    'VESTNIK_TELEGRAM_API',
    'VESTNIK_TELEGRAM_MODE',
    'VESTNIK_TELEGRAM_SECRET',
  ],
  worker: [
    'DATABASE_URL',
    'VESTNIK_SECRET',
    'VESTNIK_PUBLIC_URL',
    'VESTNIK_EMAIL_URL',
    'VESTNIK_DATABASE_POOL',
    'VESTNIK_LOG_LEVEL',
    'VESTNIK_VAPID_PRIVATE_KEY',
    'VESTNIK_FCM_SERVICE_ACCOUNT',
    'VESTNIK_SMS_URL',
    'VESTNIK_VIBER_URL',
    'VESTNIK_WHATSAPP_URL',
    'VESTNIK_CACHED_WORKFLOWS',
    'VESTNIK_SANDBOX',
    'VESTNIK_RATES',
    'VESTNIK_STARTS_PER_SECOND',
    'VESTNIK_TELEGRAM_TOKEN',
    'VESTNIK_TELEGRAM_API',
    'VESTNIK_SHUTDOWN_SECONDS',
  ],
  /** `npm start`, where the rest are options. */
  start: ['VESTNIK_TELEGRAM_TOKEN', 'VESTNIK_TELEGRAM_API'],
  migrate: ['DATABASE_URL', 'VESTNIK_PRESET', 'VESTNIK_SCALE', 'VESTNIK_LOG_LEVEL'],
} as const satisfies Record<string, readonly Variable[]>;

/** The configuration of one kind of process, checked. Throws a Failure that names the variable. */
export function readConfig<Kind extends keyof typeof readers>(
  kind: Kind,
  environment: Environment = process.env,
): Values<(typeof readers)[Kind][number]> {
  const entries = readers[kind].map((name) => [name, readVariable(name, environment[name])]);
  return Object.fromEntries(entries) as Values<(typeof readers)[Kind][number]>;
}

function readVariable(name: Variable, text: string | undefined): unknown {
  const { schema, about } = variables[name];
  // An empty variable counts as missing: that is what `NAME=` in a file means to most.
  const result = schema.safeParse(text === '' ? undefined : text);
  if (result.success) return result.data;
  if (text === undefined || text === '') throw new Failure(`${name} is not set (${about}): see .env.example.`);
  throw new Failure(`${name} ${result.error.issues[0]?.message ?? 'is wrong'} (${about}).`);
}

function port() {
  return whole(0, 65_535);
}

/** `email=50,sms=0.5` by channel. */
function rates(text: string, context: z.RefinementCtx): Partial<Record<ChannelName, number>> {
  const entries = text.split(',').map((entry) => entry.split('=').map((part) => part.trim()));
  const isGood = ([name, rate, ...rest]: string[]) =>
    channelNames.some((known) => known === name) && Number(rate) > 0 && Number(rate) < 100_000 && rest.length === 0;
  if (!entries.every(isGood))
    context.addIssue(`must look like email=50,sms=10, with channels of ${channelNames.join(', ')}`);
  return Object.fromEntries(entries.map(([name, rate]) => [name, Number(rate)]));
}

/** Host names, `*.` before those that stand for all below. */
function pushServices(text: string, context: z.RefinementCtx): string[] {
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  if (!names.every(isPushService)) context.addIssue('must look like push.example.com,*.push.example.org');
  return names;
}

function whole(from: number, to: number) {
  const message = `must be a whole number from ${from} to ${to}`;
  return z.coerce.number(message).int(message).min(from, message).max(to, message);
}
