import PostalMime from 'postal-mime';
import { afterEach, describe, expect, test } from 'vitest';
import type { OutgoingMessage } from '#channels/channel.ts';
import { createEmailChannel } from '#channels/email/channel.ts';
import { type Answer, type ApiServer, type Asked, apiServer } from './api-server.ts';

const id = '019ab5d0-7c00-7000-8000-000000000001';
const content = {
  form: 'letter',
  subject: 'Анна, ваша корзина',
  html: '<p>Цена 12 490 ₽</p>',
  text: 'Цена 12 490 ₽',
} as const;
const letter: OutgoingMessage = {
  id,
  journey: 'abandonment',
  template: 'cart-reminder',
  kind: 'marketing',
  to: 'anna@example.com',
  from: { name: 'Вторая "полка"', email: 'hello@shop.example' },
  locale: 'ru',
  devices: [],
  content,
  unsubscribeUrl: 'https://mail.shop.example/u/token',
};
const service: OutgoingMessage = { ...letter, kind: 'service', unsubscribeUrl: null };

/** A letter as the provider got it. */
interface Got {
  /** Our id, where it comes back with events. */
  id: unknown;
  to: unknown;
  subject: unknown;
  html: unknown;
  text: unknown;
  sender: unknown;
  headers: Record<string, unknown>;
  credentials: unknown;
}

interface Provider {
  address(origin: string, more?: string): string;
  path: string;
  good: Answer;
  providerId: string;
  /** The recipient's address is none. */
  bad: Answer;
  /** This letter is not taken. */
  refusal: Answer;
  /** Nothing goes out before a person has mended something. */
  mend: Answer;
  limit: Answer;
  got(asked: Asked): Got | Promise<Got>;
}

const json = ({ body }: Asked) => JSON.parse(body);
const sender = '"Вторая \\"полка\\"" <hello@shop.example>';

const providers: Record<string, Provider> = {
  postmark: {
    address: (origin, more = '') => `postmark://b8d5a8f0-server-TOKEN?api=${origin}${more}`,
    path: '/email',
    good: {
      status: 200,
      body: {
        To: 'anna@example.com',
        SubmittedAt: '2014-02-17T07:25:01Z',
        MessageID: 'b7bc2f4a-e38e-4336',
        ErrorCode: 0,
        Message: 'OK',
      },
    },
    providerId: 'b7bc2f4a-e38e-4336',
    bad: { status: 422, body: { ErrorCode: 300, Message: "Invalid 'To' address: 'anna@example.com'." } },
    refusal: {
      status: 422,
      body: {
        ErrorCode: 406,
        Message: 'You tried to send to a recipient that has been marked as inactive: anna@example.com',
      },
    },
    mend: {
      status: 422,
      body: { ErrorCode: 400, Message: "The 'From' address you supplied is not a Sender Signature" },
    },
    limit: { status: 429, body: { ErrorCode: 429, Message: 'Too many requests' }, headers: { 'retry-after': '7' } },
    got(asked) {
      const mail = json(asked);
      const headers = Object.fromEntries(mail.Headers.map(({ Name, Value }: Record<string, string>) => [Name, Value]));
      const { To: to, Subject: subject, HtmlBody: html, TextBody: text, From: sender } = mail;
      const credentials = asked.headers['x-postmark-server-token'];
      return { id: mail.Metadata.vestnik_id, to, subject, html, text, sender, headers, credentials };
    },
  },
  sendgrid: {
    address: (origin, more = '') => `sendgrid://SG.key_-1?api=${origin}${more}`,
    path: '/v3/mail/send',
    good: { status: 202, body: '', headers: { 'x-message-id': 'wrfRRvF7Q0GgwUo2CvDmEA' } },
    providerId: 'wrfRRvF7Q0GgwUo2CvDmEA',
    bad: {
      status: 400,
      body: {
        errors: [{ message: 'Does not contain a valid address.', field: 'personalizations.0.to.0.email', help: '…' }],
      },
    },
    refusal: {
      status: 400,
      body: { errors: [{ message: 'The subject is required for anna@example.com.', field: 'subject', help: null }] },
    },
    mend: {
      status: 403,
      body: { errors: [{ message: 'The from address does not match a verified Sender Identity.', field: 'from' }] },
    },
    limit: {
      status: 429,
      body: { errors: [{ message: 'too many requests', field: null }] },
      headers: { 'retry-after': '7' },
    },
    got(asked) {
      const { personalizations, subject, content, headers, from } = json(asked);
      const [{ to, custom_args }] = personalizations;
      const [text, html] = content;
      expect([text.type, html.type]).toEqual(['text/plain', 'text/html']);
      const sender = `"${from.name.replaceAll('"', '\\"')}" <${from.email}>`;
      const credentials = asked.headers.authorization;
      return {
        id: custom_args.vestnik_id,
        to: to[0].email,
        subject,
        html: html.value,
        text: text.value,
        sender,
        headers,
        credentials,
      };
    },
  },
  mailgun: {
    address: (origin, more = '') => `mailgun://key-1@mg.shop.example?api=${origin}${more}`,
    path: '/v3/mg.shop.example/messages',
    good: { status: 200, body: { id: `<${id}@shop.example>`, message: 'Queued. Thank you.' } },
    providerId: `<${id}@shop.example>`,
    bad: { status: 400, body: { message: "'to' parameter is not a valid address. please check documentation" } },
    refusal: { status: 400, body: { message: 'Message to anna@example.com is too large' } },
    mend: { status: 404, body: { message: 'Domain not found: mg.shop.example' } },
    limit: { status: 429, body: { message: 'Domain is over its limit' }, headers: { 'retry-after': '7' } },
    got(asked) {
      const fields = Object.fromEntries(new URLSearchParams(asked.body));
      const own = Object.entries(fields).filter(([name]) => name.startsWith('h:'));
      const { to, subject, html, text, from: sender } = fields;
      const credentials = asked.headers.authorization;
      return {
        id: fields['v:vestnik_id'],
        to,
        subject,
        html,
        text,
        sender,
        headers: Object.fromEntries(own.map(([name, value]) => [name.slice(2), value])),
        credentials,
      };
    },
  },
  ses: {
    address: (origin, more = '') => `ses://AKIDEXAMPLE:wJalr%2FXUtnFEMI@eu-west-1?api=${origin}${more}`,
    path: '/v2/email/outbound-emails',
    good: { status: 200, body: { MessageId: '0102018-ses' } },
    providerId: '0102018-ses',
    bad: {
      status: 400,
      body: { message: "Missing final '@domain' in anna@example.com" },
      headers: { 'x-amzn-errortype': 'BadRequestException' },
    },
    refusal: {
      status: 400,
      body: { message: 'Email address is not verified: anna@example.com' },
      headers: { 'x-amzn-errortype': 'MessageRejected' },
    },
    mend: {
      status: 400,
      body: { message: 'Sending paused' },
      headers: { 'x-amzn-errortype': 'SendingPausedException' },
    },
    limit: {
      status: 429,
      body: { message: 'Maximum sending rate exceeded.' },
      headers: { 'x-amzn-errortype': 'TooManyRequestsException', 'retry-after': '7' },
    },
    async got(asked) {
      const { Content, Destination, EmailTags } = json(asked);
      const mail = await PostalMime.parse(Buffer.from(Content.Raw.Data, 'base64'));
      const { subject, from } = mail;
      const sender = `"${from?.name?.replaceAll('"', '\\"')}" <${from?.address}>`;
      const names: Record<string, string> = {
        'message-id': 'Message-ID',
        'list-unsubscribe': 'List-Unsubscribe',
        'list-unsubscribe-post': 'List-Unsubscribe-Post',
        'feedback-id': 'Feedback-ID',
      };
      const headers = Object.fromEntries(mail.headers.map(({ key, value }) => [names[key] ?? key, value]));
      const [{ Name, Value }] = EmailTags;
      expect(Name).toBe('vestnik_id');
      return {
        id: Value,
        to: Destination.ToAddresses[0],
        subject,
        html: mail.html?.trim(),
        text: mail.text?.trim(),
        sender,
        headers,
        credentials: asked.headers.authorization,
      };
    },
  },
  resend: {
    address: (origin, more = '') => `resend://re_KEY?api=${origin}${more}`,
    path: '/emails',
    good: { status: 200, body: { id: '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794' } },
    providerId: '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794',
    bad: {
      status: 422,
      body: {
        statusCode: 422,
        name: 'validation_error',
        message: 'Invalid `to` field. The email address needs to follow the `email@example.com` format.',
      },
    },
    refusal: {
      status: 422,
      body: { statusCode: 422, name: 'validation_error', message: 'The attachment for anna@example.com is too large' },
    },
    mend: {
      status: 403,
      body: { statusCode: 403, name: 'validation_error', message: 'The shop.example domain is not verified.' },
    },
    limit: {
      status: 429,
      body: { statusCode: 429, name: 'rate_limit_exceeded', message: 'Too many requests' },
      headers: { 'retry-after': '7' },
    },
    got(asked) {
      const { to, subject, html, text, from: sender, headers, tags } = json(asked);
      expect(asked.headers['idempotency-key']).toBe(id);
      expect(tags).toEqual([{ name: 'vestnik_id', value: id }]);
      return { id: tags[0].value, to, subject, html, text, sender, headers, credentials: asked.headers.authorization };
    },
  },
};

const credentials: Record<string, unknown> = {
  postmark: 'b8d5a8f0-server-TOKEN',
  sendgrid: 'Bearer SG.key_-1',
  mailgun: `Basic ${btoa('api:key-1')}`,
  ses: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/ses\/aws4_request/),
  resend: 'Bearer re_KEY',
};

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function serving(name: string, timeLimit = 30_000, more = '') {
  const provider = providers[name] ?? expect.unreachable();
  const api = await apiServer(provider.good);
  const channel = await createEmailChannel(provider.address(api.origin, more), { timeLimit });
  opened.push(api, channel);
  return { provider, api, channel };
}

const last = ({ asked }: ApiServer) => asked.at(-1) ?? expect.unreachable();

describe.each(Object.keys(providers))('%s', (name) => {
  test('gets the letter whole, with our id and what receivers ask for', async () => {
    const { provider, api, channel } = await serving(name);
    expect(channel).toMatchObject({ name: 'email', provider: name });
    expect(await channel.submit(letter)).toEqual({ result: 'accepted', providerId: provider.providerId });
    expect(api.asked).toHaveLength(1);
    expect(last(api)).toMatchObject({ method: 'POST', path: provider.path });
    const got = await provider.got(last(api));
    const { subject, html, text } = content;
    expect(got).toMatchObject({
      id,
      to: 'anna@example.com',
      subject,
      html,
      text,
      sender,
      credentials: credentials[name],
    });
    expect(got.headers).toMatchObject({
      'Message-ID': `<${id}@shop.example>`,
      'List-Unsubscribe': '<https://mail.shop.example/u/token>',
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      'Feedback-ID': 'cart-reminder:abandonment:marketing:shop.example',
    });
    await channel.submit(service);
    const headers = Object.keys((await provider.got(last(api))).headers);
    expect(headers.filter((header) => /^list-/i.test(header))).toEqual([]);
  });

  test('the same letter twice is told to be the same', async () => {
    const { provider, api, channel } = await serving(name);
    await channel.submit(letter);
    await channel.submit(letter);
    const [first, second] = await Promise.all(api.asked.map((asked) => provider.got(asked)));
    expect(first?.id).toBe(second?.id);
    expect(first?.headers['Message-ID']).toBe(second?.headers['Message-ID']);
  });

  test.each([
    ['bad', { result: 'refused', suppress: 'bounced' }],
    ['refusal', { result: 'refused', suppress: null }],
    ['mend', { result: 'later', retryAfterMs: 300_000 }],
    ['limit', { result: 'later', retryAfterMs: 7_000 }],
  ] as const)('its answer "%s" means %j, and tells no address', async (answer, outcome) => {
    const { provider, api, channel } = await serving(name);
    api.plan.answer = provider[answer];
    const result = await channel.submit(letter);
    expect(result).toMatchObject(outcome);
    expect(JSON.stringify(result)).not.toContain('anna@');
    expect('reason' in result && result.reason.length).toBeGreaterThan(5);
  });

  // Resend keeps a key by which it knows a repeat: what may have been taken is simply tried again.
  const doubtful = name === 'resend' ? 'later' : 'unknown';

  test.each([500, 502, 504])('%i may come of a letter that was taken', async (status) => {
    const { api, channel } = await serving(name);
    api.plan.answer = { status, body: '<html>Bad gateway</html>' };
    expect(await channel.submit(letter)).toMatchObject({ result: doubtful });
    expect(api.asked).toHaveLength(1);
  });

  test('503 says that it was not even looked at', async () => {
    const { api, channel } = await serving(name);
    api.plan.answer = { status: 503, body: { message: 'Service unavailable' }, headers: { 'retry-after': '20' } };
    expect(await channel.submit(letter)).toMatchObject({ result: 'later', retryAfterMs: 20_000 });
  });

  test.each(['hang', 'close', 'cut'] as const)('a connection that ends in "%s" proves nothing', async (fault) => {
    // Only who hangs is left by the clock; the others get the time that a slow machine takes.
    const { api, channel } = await serving(name, fault === 'hang' ? 1_000 : undefined);
    api.plan.fault = fault;
    // SendGrid says all there is to say in the head.
    const isTold = fault === 'cut' && name === 'sendgrid';
    expect(await channel.submit(letter)).toMatchObject({ result: isTold ? 'accepted' : doubtful });
    expect(api.asked).toHaveLength(1);
  });

  test('an answer that comes after the time limit is not waited for', async () => {
    const { api, channel } = await serving(name, 1_000);
    api.plan.delayMs = 3_000;
    expect(await channel.submit(letter)).toMatchObject({ result: doubtful });
  });

  test('a kept connection that the provider has ended costs nothing', async () => {
    const { api, channel } = await serving(name);
    expect(await channel.submit(letter)).toMatchObject({ result: 'accepted' });
    api.hangUp();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await channel.submit(letter)).toMatchObject({ result: 'accepted' });
    expect(api.asked).toHaveLength(2);
  });

  test('nobody there means that nothing was taken', async () => {
    const { api, channel } = await serving(name);
    api.close();
    expect(await channel.submit(letter)).toMatchObject({ result: 'later' });
  });

  test('wrong credentials say nothing about the letter', async () => {
    const { api, channel } = await serving(name);
    const body = {
      message: 'Forbidden',
      statusCode: 401,
      name: 'restricted_api_key',
      ErrorCode: 10,
      Message: 'Bad or missing token',
    };
    api.plan.answer = { status: 401, body, headers: { 'x-amzn-errortype': 'UnrecognizedClientException' } };
    expect(await channel.submit(letter)).toMatchObject({ result: 'later' });
  });

  test('what is not one address never gets there', async () => {
    const { api, channel } = await serving(name);
    for (const to of ['a@example.com, b@example.com', 'a@example.com\r\nBcc: all@example.com', 'nobody']) {
      expect(await channel.submit({ ...letter, to })).toMatchObject({ result: 'refused', suppress: 'bounced' });
    }
    expect(api.asked).toEqual([]);
  });
});

describe('what only one of them has', () => {
  test('Postmark wants marketing on a stream of its own, and keeps our Message-ID', async () => {
    const { api, channel } = await serving('postmark', 5_000, '&marketing=broadcast');
    await channel.submit(letter);
    expect(json(last(api))).toMatchObject({ MessageStream: 'broadcast' });
    expect(json(last(api)).Headers).toContainEqual({ Name: 'X-PM-KeepID', Value: 'true' });
    await channel.submit(service);
    expect(json(last(api)).MessageStream).toBeUndefined();
  });

  test('SendGrid says when its limit begins anew', async () => {
    const { api, channel } = await serving('sendgrid');
    const reset = Math.floor(Date.now() / 1000) + 60;
    api.plan.answer = { status: 429, body: {}, headers: { 'x-ratelimit-reset': String(reset) } };
    const result = await channel.submit(letter);
    expect(result).toMatchObject({ result: 'later' });
    expect('retryAfterMs' in result && result.retryAfterMs).toBeGreaterThan(50_000);
  });

  test('SES publishes events of a configuration set', async () => {
    const { api, channel } = await serving('ses', 5_000, '&configuration-set=crm');
    await channel.submit(letter);
    expect(json(last(api))).toMatchObject({ ConfigurationSetName: 'crm' });
  });

  test('Resend took the first letter of this key, which was another: nobody knows more until it tells', async () => {
    const { api, channel } = await serving('resend');
    const used = {
      statusCode: 409,
      name: 'invalid_idempotent_request',
      message: 'Same idempotency key used with a different request payload.',
    };
    api.plan.answer = { status: 409, body: used };
    expect(await channel.submit(letter)).toMatchObject({ result: 'unknown' });
    api.plan.answer = { status: 409, body: { ...used, name: 'concurrent_idempotent_requests' } };
    expect(await channel.submit(letter)).toMatchObject({ result: 'later' });
    api.plan.answer = { status: 429, body: { ...used, statusCode: 429, name: 'daily_quota_exceeded' } };
    expect(await channel.submit(letter)).toMatchObject({ result: 'later', retryAfterMs: 3_600_000 });
  });
});

test.each([
  '',
  'mail.example',
  'http://mail.example',
  'postmark://',
  'constructor://x',
  'sendgrid://key',
  'mailgun://domain',
])('%j says nobody who sends e-mail', async (address) => {
  await expect(createEmailChannel(address)).rejects.toThrow(/:\/\//);
});
