import { describe, expect, test } from 'vitest';
import { mailgunWebhook } from '#channels/email/mailgun/webhook.ts';
import { postmarkWebhook } from '#channels/email/postmark/webhook.ts';
import { resendWebhook } from '#channels/email/resend/webhook.ts';
import { sendgridWebhook } from '#channels/email/sendgrid/webhook.ts';
import { createSesWebhook } from '#channels/email/ses/webhook.ts';
import {
  delivery,
  epochSeconds,
  kindsOf,
  mailgunBody,
  sendgridHeaders,
  sendgridKeys,
  svixHeaders,
} from './deliveries.ts';
import { amazon, certificateUrl, notification, topic } from './sns.ts';

/** Payloads are the providers' own examples, with our id where it goes along. */
const id = '019ab5d0-7c00-7000-8000-000000000001';
const now = () => Date.now();
const iPhone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 10_3_3 like Mac OS X) AppleWebKit/603.3.8 (KHTML, like Gecko) Mobile/14G60';

describe('Postmark', () => {
  const bounce = {
    RecordType: 'Bounce',
    ID: 901542550,
    Type: 'HardBounce',
    TypeCode: 1,
    ServerID: 23,
    Name: 'Hard bounce',
    MessageID: '2706ee8a-737c-4285-b032-ccd317af53ed',
    Metadata: { vestnik_id: id },
    Details: 'smtp;550 5.1.1 The email account Bounce@example.com that you tried to reach does not exist.',
    Email: 'Bounce@example.com',
    From: 'sender@example.com',
    BouncedAt: '2016-04-27T16:28:50.3963933-04:00',
    Inactive: true,
  };
  const open = {
    RecordType: 'Open',
    FirstOpen: true,
    UserAgent: iPhone,
    MessageID: 'f4830d10-9c35-4f0c-bca3-3d9b459821f8',
    Metadata: { vestnik_id: id },
    ReceivedAt: '2016-04-27T16:21:41.2493688-04:00',
    Recipient: 'recipient@example.com',
  };
  const change = {
    RecordType: 'SubscriptionChange',
    MessageID: 'a4909a96-73d7-4c49-b148-a54522d3f7ac',
    ChangedAt: '2022-06-05T17:17:32Z',
    Recipient: 'john@example.com',
    Origin: 'Recipient',
    SuppressSending: true,
    SuppressionReason: 'ManualSuppression',
    Metadata: { vestnik_id: id },
  };

  test('tells a bounce, with no address in its words', () => {
    expect(postmarkWebhook.read(delivery(bounce))).toEqual([
      {
        kind: 'bounced',
        key: 'Bounce:901542550',
        channel: 'email',
        message: { id },
        address: 'bounce@example.com',
        at: Date.parse('2016-04-27T20:28:50.396Z'),
        by: null,
        reason: expect.stringMatching(/^HardBounce smtp;550 5\.1\.1 The email account \[address\]/),
      },
    ]);
  });

  test.each([
    [
      { RecordType: 'Delivery', MessageID: 'x', Recipient: 'a@example.com', DeliveredAt: '2014-08-01T13:28:10-04:00' },
      ['delivered'],
    ],
    [{ ...bounce, Type: 'SoftBounce' }, ['failed']],
    [{ ...bounce, Type: 'DnsError' }, ['failed']],
    [{ ...bounce, Type: 'BadEmailAddress' }, ['bounced']],
    [{ ...bounce, Type: 'Transient' }, []],
    [{ ...bounce, Type: 'AutoResponder' }, []],
    [{ ...bounce, Type: 'constructor' }, []],
    [{ ...bounce, RecordType: 'SpamComplaint', Type: 'SpamComplaint' }, ['complained']],
    [open, ['opened']],
    [{ ...open, RecordType: 'Click', OriginalLink: 'https://example.com/' }, ['clicked']],
    [change, ['stopped']],
    [{ ...change, SuppressionReason: 'HardBounce' }, ['bounced']],
    [{ ...change, SuppressionReason: 'SpamComplaint' }, ['complained']],
    [{ ...change, SuppressSending: false, SuppressionReason: null }, []],
    [{ RecordType: 'Inbound' }, []],
  ])('%#: %j', (body, kinds) => {
    expect(kindsOf(postmarkWebhook, body)).toEqual(kinds);
  });

  test('two opens are two, one that is told twice is one', () => {
    const keyOf = (body: object) => postmarkWebhook.read(delivery(body))?.[0]?.key;
    expect(keyOf(open)).toBe(keyOf({ ...open }));
    expect(keyOf(open)).not.toBe(keyOf({ ...open, ReceivedAt: '2016-04-27T16:22:41Z' }));
  });

  test('a letter that somebody else sent by the same account is not ours', () => {
    for (const Metadata of [undefined, {}, { vestnik_id: 'no id' }]) {
      expect(postmarkWebhook.read(delivery({ ...bounce, Metadata }))?.[0]).toMatchObject({ message: null });
    }
  });

  test.each([
    ['https://u:p@crm.example.com/webhooks/postmark', {}, 'wrong'],
    [
      'https://crm.example.com/webhooks/postmark',
      { authorization: `Basic ${btoa('postmark:s3cret-token')}` },
      'genuine',
    ],
    ['https://crm.example.com/webhooks/postmark', { authorization: `Basic ${btoa('u:whole')}` }, 'genuine'],
    ['https://crm.example.com/webhooks/postmark', { authorization: `Basic ${btoa('postmark:wrong')}` }, 'wrong'],
    ['https://crm.example.com/webhooks/postmark?token=s3cret-token', {}, 'genuine'],
    ['https://crm.example.com/webhooks/postmark?token=s3cret-toke', {}, 'wrong'],
    ['https://crm.example.com/webhooks/postmark?token=', {}, 'wrong'],
    ['https://crm.example.com/webhooks/postmark', {}, 'wrong'],
  ])('%s with %j is %s', (url, headers, verdict) => {
    const secrets = ['s3cret-token', 'u:whole'];
    expect(postmarkWebhook.check(delivery(bounce, headers, url), secrets, now())).toBe(verdict);
  });

  test.each(['', 'no json', '[]', '{}', '{"RecordType":7}'])('%j is not its shape', (body) => {
    expect(postmarkWebhook.read(delivery(body))).toBeNull();
  });
});

describe('SendGrid', () => {
  const common = {
    email: 'example@test.com',
    timestamp: 1513299569,
    'smtp-id': '<14c5d75ce93.dfd.64b469@ismtpd-555>',
    vestnik_id: id,
  };
  const about = (event: string, more = {}) => ({
    ...common,
    event,
    sg_event_id: `id-${event}`,
    sg_message_id: 'sg_message_id',
    ...more,
  });

  test('tells many things at once, each by its own id', () => {
    const story = [
      about('processed'),
      about('deferred', { response: '400 try again later', attempt: '5' }),
      about('delivered', { response: '250 OK' }),
      about('open', { useragent: iPhone }),
      about('click', { useragent: iPhone, url: 'http://www.sendgrid.com/' }),
      about('bounce', { reason: '500 unknown recipient example@test.com', status: '5.0.0', type: 'bounce' }),
      about('spamreport'),
      about('unsubscribe'),
      about('group_unsubscribe', { asm_group_id: 10 }),
      about('group_resubscribe', { asm_group_id: 10 }),
    ];
    const told = sendgridWebhook.read(delivery(story)) ?? [];
    expect(told.map(({ kind }) => kind)).toEqual([
      'delivered',
      'opened',
      'clicked',
      'bounced',
      'complained',
      'stopped',
      'stopped',
    ]);
    expect(new Set(told.map(({ key }) => key)).size).toBe(7);
    expect(told[3]).toEqual({
      kind: 'bounced',
      key: 'id-bounce',
      channel: 'email',
      message: { id },
      address: 'example@test.com',
      at: 1513299569000,
      by: null,
      reason: '5.0.0 500 unknown recipient [address]',
    });
  });

  test.each([
    [about('bounce', { type: 'blocked' }), ['failed']],
    [about('dropped', { reason: 'Bounced Address' }), ['bounced']],
    [about('dropped', { reason: 'Invalid' }), ['bounced']],
    [about('dropped', { reason: 'Spam Content' }), ['failed']],
    [about('dropped', { reason: 'Unsubscribed Address' }), ['failed', 'stopped']],
    [about('dropped', { reason: 'Spam Reporting Address' }), ['failed', 'complained']],
  ])('%#: %j', (event, kinds) => {
    expect(kindsOf(sendgridWebhook, [event])).toEqual(kinds);
  });

  test('what it knows of an address is no word about the letter that it kept back', () => {
    const told = sendgridWebhook.read(delivery([about('dropped', { reason: 'Unsubscribed Address' })])) ?? [];
    expect(told.map(({ message }) => message)).toEqual([{ id }, null]);
    expect(new Set(told.map(({ key }) => key)).size).toBe(2);
  });

  test.each([
    [{ useragent: iPhone, sg_machine_open: true }, 'machine'],
    [{ useragent: iPhone, sg_machine_open: false }, 'human'],
    [
      { useragent: 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)' },
      'human',
    ],
    [{ useragent: 'Mozilla/5.0' }, 'machine'],
    [{}, 'unknown'],
  ])('an open with %j is by %s', (more, by) => {
    expect(sendgridWebhook.read(delivery([about('open', more)]))?.[0]).toMatchObject({ by });
  });

  test('is believed when one of its keys signed the very bytes, lately', () => {
    const [ours, other] = [sendgridKeys(), sendgridKeys()];
    const text = '[{"event": "delivered"}]\r\n';
    const check = (body: string, headers: Record<string, string>, ...secrets: string[]) =>
      sendgridWebhook.check(delivery(body, headers), secrets, now());
    const headers = sendgridHeaders(text, ours.privateKey);
    expect(check(text, headers, ours.verificationKey)).toBe('genuine');
    expect(check(text, headers, other.verificationKey, ours.verificationKey)).toBe('genuine');
    expect(check(text, headers, other.verificationKey)).toBe('wrong');
    expect(check(text.trim(), headers, ours.verificationKey)).toBe('wrong');
    expect(check(text, { ...headers, 'x-twilio-email-event-webhook-timestamp': '1' }, ours.verificationKey)).toBe(
      'wrong',
    );
    expect(check(text, {}, ours.verificationKey)).toBe('wrong');
    expect(check(text, { ...headers, 'x-twilio-email-event-webhook-signature': 'AAAA' }, ours.verificationKey)).toBe(
      'wrong',
    );
    for (const [age, verdict] of [
      [290, 'genuine'],
      [310, 'stale'],
      [-290, 'genuine'],
      [-310, 'stale'],
    ] as const) {
      const old = sendgridHeaders(text, ours.privateKey, String(epochSeconds() - age));
      expect(check(text, old, ours.verificationKey)).toBe(verdict);
    }
  });

  test('takes a verification key for a secret, and nothing else', () => {
    expect(sendgridWebhook.secretFault?.(sendgridKeys().verificationKey)).toBeNull();
    for (const secret of ['SG.xyz', '', 'AAAA'])
      expect(sendgridWebhook.secretFault?.(secret)).toMatch('verification key');
  });
});

describe('Mailgun', () => {
  const key = 'key-of-the-webhooks';
  const common = {
    id: 'hTWCTD81RtiDN-',
    timestamp: 1534108637.153125,
    recipient: 'Recipient@example.com',
    'user-variables': { vestnik_id: id },
  };
  const failed = {
    ...common,
    event: 'failed',
    severity: 'permanent',
    reason: 'bounce',
    'delivery-status': {
      code: 550,
      message: '5.1.1 The email account that you tried to reach does not exist.',
      'attempt-no': 1,
    },
  };
  const client = {
    'client-type': 'browser',
    'client-os': 'OS X',
    'device-type': 'desktop',
    'client-name': 'Chrome',
    'user-agent': iPhone,
  };

  test('tells a failure', () => {
    expect(mailgunWebhook.read(delivery(mailgunBody(failed, key)))).toEqual([
      {
        kind: 'bounced',
        key: 'hTWCTD81RtiDN-:failed:1534108637.153125',
        channel: 'email',
        message: { id },
        address: 'recipient@example.com',
        at: 1534108637153.125,
        by: null,
        reason: '550 5.1.1 The email account that you tried to reach does not exist.',
      },
    ]);
  });

  test.each([
    [{ ...common, event: 'accepted', 'delivery-status': null }, []],
    [{ ...common, event: 'delivered' }, ['delivered']],
    [{ ...failed, severity: 'temporary', reason: 'greylisted' }, []],
    [{ ...failed, reason: 'generic' }, ['failed']],
    [{ ...failed, 'delivery-status': { 'bounce-type': 'soft', code: 552 } }, ['failed']],
    [{ ...failed, reason: 'suppress-bounce' }, ['bounced']],
    [{ ...failed, reason: 'suppress-unsubscribe' }, ['failed', 'stopped']],
    [{ ...failed, reason: 'suppress-complaint' }, ['failed', 'complained']],
    [
      { ...common, event: 'rejected', reject: { reason: 'Sandbox subdomains are for test purposes only.' } },
      ['failed'],
    ],
    [{ ...common, event: 'complained' }, ['complained']],
    [{ ...common, event: 'unsubscribed' }, ['stopped']],
  ])('%#: %j', (event, kinds) => {
    expect(kindsOf(mailgunWebhook, mailgunBody(event, key))).toEqual(kinds);
  });

  test.each([
    [{ ...client, bot: '' }, 'human'],
    [{ ...client, bot: 'apple' }, 'machine'],
    [{ ...client, bot: 'generic' }, 'machine'],
    [{ ...client, 'client-type': 'robot' }, 'machine'],
    [{}, 'unknown'],
  ])('an open by %j is by %s', (info, by) => {
    const body = mailgunBody({ ...common, event: 'opened', 'client-info': info }, key);
    expect(mailgunWebhook.read(delivery(body))?.[0]).toMatchObject({ kind: 'opened', by });
  });

  test('is believed when its key signed time and token, lately', () => {
    const check = (body: unknown, ...secrets: string[]) => mailgunWebhook.check(delivery(body), secrets, now());
    const body = mailgunBody(failed, key);
    expect(check(body, key)).toBe('genuine');
    expect(check(body, 'the next', key)).toBe('genuine');
    expect(check(body, 'another')).toBe('wrong');
    const changed = (more: object) => ({ ...body, signature: { ...body.signature, ...more } });
    expect(check(changed({ timestamp: String(epochSeconds() + 1) }), key)).toBe('wrong');
    expect(check(changed({ token: 'x' }), key)).toBe('wrong');
    expect(check(changed({ signature: '' }), key)).toBe('wrong');
    expect(check({ 'event-data': failed }, key)).toBe('wrong');
    expect(check('no json', key)).toBe('wrong');
    expect(check(mailgunBody(failed, key, String(epochSeconds() - 290)), key)).toBe('genuine');
    expect(check(mailgunBody(failed, key, String(epochSeconds() - 310)), key)).toBe('stale');
  });
});

describe('Resend', () => {
  const secret = `whsec_${Buffer.from('a secret of more than sixteen bytes').toString('base64')}`;
  const data = {
    created_at: '2023-09-28T17:19:43.982Z',
    email_id: '56761188-7520-42d8-8898-ff6fc54ce618',
    from: 'Acme <onboarding@resend.dev>',
    to: ['delivered@resend.dev'],
    subject: 'Sending this example',
    tags: { vestnik_id: id },
  };
  const about = (type: string, more = {}) => ({
    type,
    created_at: '2023-09-28T17:19:44.823Z',
    data: { ...data, ...more },
  });

  test('tells a bounce', () => {
    const bounce = {
      message: "The recipient's email address is on the suppression list.",
      subType: 'Suppressed',
      type: 'Permanent',
    };
    expect(resendWebhook.read(delivery(about('email.bounced', { bounce }), { 'svix-id': 'msg_7' }))).toEqual([
      {
        kind: 'bounced',
        key: 'msg_7',
        channel: 'email',
        message: { id },
        address: 'delivered@resend.dev',
        at: Date.parse('2023-09-28T17:19:44.823Z'),
        by: null,
        reason: "Permanent Suppressed The recipient's email address is on the suppression list.",
      },
    ]);
  });

  test.each([
    [about('email.sent'), []],
    [about('email.delivery_delayed'), []],
    [about('email.delivered'), ['delivered']],
    [about('email.delivered', { tags: [{ name: 'vestnik_id', value: id }] }), ['delivered']],
    [about('email.bounced', { bounce: { message: 'hard bounce' } }), ['bounced']],
    [about('email.bounced', { bounce: { type: 'Transient', subType: 'MailboxFull' } }), ['failed']],
    [about('email.bounced', { bounce: { type: 'Transient', subType: 'General' } }), []],
    [about('email.failed', { failed: { reason: 'reached_daily_quota' } }), ['failed']],
    [about('email.complained'), ['complained']],
    [about('email.opened'), ['opened']],
    [about('email.clicked', { click: { link: 'https://example.com', userAgent: iPhone } }), ['clicked']],
    [about('contact.created'), []],
  ])('%#: %j', (body, kinds) => {
    expect(kindsOf(resendWebhook, body)).toEqual(kinds);
    for (const event of resendWebhook.read(delivery(body)) ?? []) expect(event.message).toEqual({ id });
  });

  test('is believed when one of the secrets signed the very bytes, lately', () => {
    const text = JSON.stringify(about('email.delivered'));
    const check = (body: string, headers: Record<string, string>, ...secrets: string[]) =>
      resendWebhook.check(delivery(body, headers), secrets, now());
    const headers = svixHeaders(text, secret);
    expect(check(text, headers, secret)).toBe('genuine');
    expect(check(text, headers, `whsec_${btoa('another secret, as long')}`, secret)).toBe('genuine');
    expect(check(text, { ...headers, 'svix-signature': `v1,AAAA v1a,BBBB ${headers['svix-signature']}` }, secret)).toBe(
      'genuine',
    );
    expect(check(text.replace('delivered', 'bounced!!'), headers, secret)).toBe('wrong');
    expect(check(text, { ...headers, 'svix-id': 'msg_2' }, secret)).toBe('wrong');
    expect(check(text, headers, `whsec_${btoa('another secret, as long')}`)).toBe('wrong');
    expect(check(text, {}, secret)).toBe('wrong');
    expect(check(text, svixHeaders(text, secret, 'msg_1', epochSeconds() - 310), secret)).toBe('stale');
    expect(resendWebhook.secretFault?.('short')).toMatch('base64');
  });
});

describe('Amazon SES', () => {
  const mail = {
    timestamp: '2017-08-05T00:40:02.012Z',
    source: 'Sender Name <sender@example.com>',
    messageId: 'EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000',
    destination: ['recipient@example.com'],
    headers: [{ name: 'From', value: 'Sender Name <sender@example.com>' }],
    tags: { 'ses:configuration-set': ['ConfigSet'], vestnik_id: [id] },
  };
  const bounce = {
    bounceType: 'Permanent',
    bounceSubType: 'General',
    bouncedRecipients: [
      {
        emailAddress: 'recipient@example.com',
        action: 'failed',
        status: '5.1.1',
        diagnosticCode: 'smtp; 550 5.1.1 user unknown',
      },
    ],
    timestamp: '2017-08-05T00:41:02.669Z',
    feedbackId: '01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000',
  };
  const theirs = amazon();
  const asked: string[] = [];
  const webhook = createSesWebhook(async (url) => {
    asked.push(url);
    return theirs.certificate;
  });

  test('tells a bounce', () => {
    const body = theirs.signed(notification({ eventType: 'Bounce', bounce, mail }));
    expect(webhook.read(delivery(body))).toEqual([
      {
        kind: 'bounced',
        key: '19ba9823-d7f2-53c1-860e-cb10e0d13dfc:0',
        channel: 'email',
        message: { id },
        address: 'recipient@example.com',
        at: Date.parse('2017-08-05T00:41:02.669Z'),
        by: null,
        reason: 'General 5.1.1 smtp; 550 5.1.1 user unknown',
      },
    ]);
  });

  test.each([
    [{ eventType: 'Send', send: {} }, []],
    [{ eventType: 'DeliveryDelay', deliveryDelay: {} }, []],
    [{ eventType: 'Delivery', delivery: { timestamp: '2016-10-19T23:21:04.133Z' } }, ['delivered']],
    [{ eventType: 'Bounce', bounce: { ...bounce, bounceType: 'Transient' } }, []],
    [{ eventType: 'Bounce', bounce: { ...bounce, bounceType: 'Transient', bounceSubType: 'MailboxFull' } }, ['failed']],
    [
      { eventType: 'Complaint', complaint: { complainedRecipients: [{ emailAddress: 'recipient@example.com' }] } },
      ['complained'],
    ],
    [{ eventType: 'Complaint', complaint: { complaintFeedbackType: 'not-spam', complainedRecipients: [{}] } }, []],
    [{ eventType: 'Reject', reject: { reason: 'Bad content' } }, ['failed']],
    [{ eventType: 'Rendering Failure', failure: { errorMessage: 'Attribute is not present' } }, ['failed']],
    [{ eventType: 'Open', open: { userAgent: iPhone, timestamp: '2017-08-09T22:00:19.652Z' } }, ['opened']],
    [{ eventType: 'Click', click: { userAgent: iPhone, link: 'https://docs.aws.amazon.com/ses/' } }, ['clicked']],
    [{ eventType: 'Subscription', subscription: { newTopicPreferences: { unsubscribeAll: true } } }, ['stopped']],
  ])('%#: %j', (event, kinds) => {
    expect(kindsOf(webhook, notification({ ...event, mail }))).toEqual(kinds);
  });

  test("notices of an identity have no tags: the letter is known by our header, else by Amazon's id", () => {
    const { tags: _, ...untagged } = mail;
    const told = (mail: object) =>
      webhook.read(delivery(notification({ notificationType: 'Bounce', bounce, mail })))?.[0]?.message;
    expect(told({ ...untagged, headers: [{ name: 'X-Vestnik-Message', value: id }] })).toEqual({ id });
    expect(told(untagged)).toEqual({ providerId: mail.messageId });
    expect(told({ ...mail, tags: { 'ses:configuration-set': ['Other'] } })).toBeNull();
  });

  test('each address of a letter that somebody else sent to many', () => {
    const bouncedRecipients = [{ emailAddress: 'jane@example.com' }, { emailAddress: 'richard@example.com' }];
    const body = notification({ notificationType: 'Bounce', bounce: { ...bounce, bouncedRecipients }, mail: {} });
    const told = webhook.read(delivery(body)) ?? [];
    expect(told.map(({ address }) => address)).toEqual(['jane@example.com', 'richard@example.com']);
    expect(new Set(told.map(({ key }) => key)).size).toBe(2);
  });

  const check = (message: object, ...secrets: string[]) => webhook.check(delivery(message), secrets, now());

  test('is believed when Amazon signed for our topic, by either algorithm, lately', async () => {
    const message = notification({ eventType: 'Bounce', bounce, mail });
    for (const version of ['1', '2'] as const)
      expect(await check(theirs.signed(message, version), topic)).toBe('genuine');
    const { Subject: _, ...unnamed } = message;
    expect(await check(theirs.signed(unnamed), 'arn:aws:sns:eu-west-1:123456789012:x', topic)).toBe('genuine');
    expect(asked.filter((url) => url === certificateUrl)).toHaveLength(1);
    const signed = theirs.signed(message);
    expect(await check(signed, `${topic}-other`)).toBe('wrong');
    expect(await check({ ...signed, Message: '{}' }, topic)).toBe('wrong');
    expect(await check({ ...signed, MessageId: 'another' }, topic)).toBe('wrong');
    expect(await check({ ...signed, Type: 'SubscriptionConfirmation' }, topic)).toBe('wrong');
    expect(await check(amazon().signed(message), topic)).toBe('wrong');
    expect(await check(message, topic)).toBe('wrong');
    const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
    expect(await check(theirs.signed({ ...message, Timestamp: at(55) }), topic)).toBe('genuine');
    expect(await check(theirs.signed({ ...message, Timestamp: at(65) }), topic)).toBe('stale');
  });

  test.each([
    'https://sns.us-east-1.amazonaws.com.evil.example/x.pem',
    'https://evil.example/sns.us-east-1.amazonaws.com/x.pem',
    'http://sns.us-east-1.amazonaws.com/x.pem',
    'https://sns.us-east-1.amazonaws.com:8443/x.pem',
    'https://user@sns.us-east-1.amazonaws.com/x.pem',
    'https://bucket.s3.amazonaws.com/x.pem',
    'https://sns.us-east-1.amazonaws.com/x.txt',
    'file:///etc/x.pem',
    'no url',
  ])('a certificate is never asked for at %s', async (SigningCertURL) => {
    const before = asked.length;
    expect(await check(theirs.signed({ ...notification({}), SigningCertURL }), topic)).toBe('wrong');
    expect(asked.length).toBe(before);
  });

  test('a topic that is ours is confirmed by following its link, which leads to Amazon', async () => {
    const SubscribeURL = 'https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=x&Token=y';
    const { Subject: _, ...plain } = notification({});
    const confirmation = { ...plain, Type: 'SubscriptionConfirmation', Token: 'y', SubscribeURL };
    expect(await check(theirs.signed(confirmation), topic)).toBe('genuine');
    expect(await webhook.answer?.(delivery(confirmation), [topic])).toMatchObject({ status: 200 });
    expect(asked.at(-1)).toBe(SubscribeURL);
    for (const change of [{ SubscribeURL: 'https://evil.example/' }, { Type: 'UnsubscribeConfirmation' }]) {
      expect(await webhook.answer?.(delivery({ ...confirmation, ...change }), [topic])).toMatchObject({ status: 200 });
      expect(asked.at(-1)).toBe(SubscribeURL);
    }
    expect(await webhook.answer?.(delivery(notification({})), [topic])).toBeNull();
    expect(webhook.read(delivery({ ...notification({}), Message: 'Successfully validated SNS topic' }))).toEqual([]);
  });

  test('a certificate that cannot be got now is asked for again', async () => {
    let fails = true;
    const flaky = createSesWebhook(async () => {
      if (fails) throw new Error('away');
      return theirs.certificate;
    });
    const message = delivery(theirs.signed(notification({})));
    await expect(flaky.check(message, [topic], now())).rejects.toThrow('away');
    fails = false;
    expect(await flaky.check(message, [topic], now())).toBe('genuine');
  });

  test('takes the ARN of a topic for a secret, and nothing else', () => {
    expect(webhook.secretFault?.(topic)).toBeNull();
    expect(webhook.secretFault?.('whsec_AAAA')).toMatch('ARN');
  });
});
