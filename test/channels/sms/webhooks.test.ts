import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { smscWebhook } from '#channels/sms/smsc-webhook.ts';
import { smsruWebhook } from '#channels/sms/smsru-webhook.ts';
import { twilioWebhook } from '#channels/sms/twilio-webhook.ts';
import { isStopWord } from '#channels/stop-words.ts';
import { rawWebhook } from '#test/channels/raw-webhook.ts';

const id = '019ab5d0-7c00-7000-8000-000000000001';

describe('Twilio', () => {
  const address = `https://crm.shop.example/webhooks/twilio?message=${id}`;
  /** As https://www.twilio.com/docs/messaging/guides/track-outbound-message-status shows it. */
  const status = (more: Record<string, string> = {}) =>
    new URLSearchParams({
      SmsSid: 'SM2xxxxxx',
      SmsStatus: 'sent',
      MessageStatus: 'sent',
      To: '+15558675310',
      MessageSid: 'SM2xxxxxx',
      AccountSid: 'ACxxxxxxx',
      From: '+15017122661',
      ApiVersion: '2010-04-01',
      ...more,
    });

  function signed(params: URLSearchParams, token: string, url = address, at = url) {
    const pairs = [...params].sort(([a], [b]) => (a < b ? -1 : 1)).map((pair) => pair.join(''));
    const signature = createHmac('sha1', token)
      .update(`${url}${pairs.join('')}`)
      .digest('base64');
    return rawWebhook(params, { 'x-twilio-signature': signature }, { url: at });
  }

  test('the example of its documentation is genuine, under this secret alone', async () => {
    const params = new URLSearchParams({
      CallSid: 'CA1234567890ABCDE',
      From: '+12349013030',
      To: '+18005551212',
      Caller: '+12349013030',
      Digits: '1234',
    });
    const headers = { 'x-twilio-signature': '0/KCTR6DLpKmkAf8muzZqo1nDgQ=' };
    const webhook = rawWebhook(params, headers, { url: 'https://mycompany.com/myapp.php?foo=1&bar=2' });
    expect(await twilioWebhook.check(webhook, ['12345'], 0)).toBe('genuine');
    expect(await twilioWebhook.check(webhook, ['other', '12345'], 0)).toBe('genuine');
    expect(await twilioWebhook.check(webhook, ['1234'], 0)).toBe('wrong');
    expect(await twilioWebhook.check(webhook, [], 0)).toBe('wrong');
  });

  test('what was changed on the way is not', async () => {
    const check = (webhook: ReturnType<typeof rawWebhook>) => twilioWebhook.check(webhook, ['token'], 0);
    const genuine = signed(status(), 'token');
    expect(await check(genuine)).toBe('genuine');
    expect(await check({ ...genuine, raw: Buffer.from(`${status({ MessageStatus: 'failed' })}`) })).toBe('wrong');
    expect(await check({ ...genuine, url: address.replace('0001', '0002') })).toBe('wrong');
    expect(await check({ ...genuine, header: () => undefined })).toBe('wrong');
    expect(await check({ ...genuine, header: () => 'é' })).toBe('wrong');
  });

  test('an address signed with its port is the same address', async () => {
    const withPort = address.replace('.example/', '.example:443/');
    expect(await twilioWebhook.check(signed(status(), 'token', withPort, address), ['token'], 0)).toBe('genuine');
  });

  test.each([
    ['delivered', '', 'delivered'],
    ['read', '', 'read'],
    ['undelivered', '30003', 'failed'],
    ['undelivered', '30005', 'bounced'],
    ['undelivered', '30006', 'bounced'],
    ['failed', '21614', 'bounced'],
    ['failed', '21610', 'blocked'],
    ['canceled', '', 'failed'],
  ] as const)('%s with error %j is %s', (MessageStatus, ErrorCode, kind) => {
    const webhook = rawWebhook(status({ MessageStatus, ErrorCode }), {}, { url: address });
    const reason = ErrorCode === '' ? null : `Twilio error ${ErrorCode}`;
    expect(twilioWebhook.read(webhook)).toEqual([
      {
        kind,
        key: `SM2xxxxxx:${MessageStatus}`,
        channel: 'sms',
        message: { id },
        address: '+15558675310',
        at: null,
        by: null,
        reason,
      },
    ]);
  });

  test('without our id the message is known by Twilio’s', () => {
    const [event] = twilioWebhook.read(rawWebhook(status({ MessageStatus: 'delivered' }))) ?? [];
    expect(event?.message).toEqual({ providerId: 'SM2xxxxxx' });
  });

  test.each(['queued', 'sending', 'sent', 'accepted', 'constructor'])('%s tells nothing', (MessageStatus) => {
    expect(twilioWebhook.read(rawWebhook(status({ MessageStatus })))).toEqual([]);
  });

  /** As https://www.twilio.com/docs/messaging/guides/webhook-request names the parameters. */
  const incoming = (more: Record<string, string>) =>
    new URLSearchParams({
      ToCountry: 'US',
      SmsMessageSid: 'SMbbb',
      NumMedia: '0',
      SmsSid: 'SMbbb',
      SmsStatus: 'received',
      NumSegments: '1',
      MessageSid: 'SMbbb',
      AccountSid: 'ACxxxxxxx',
      From: '+14017122661',
      To: '+15558675310',
      ApiVersion: '2010-04-01',
      ...more,
    });

  test.each([
    [{ Body: 'Stop' }, true],
    [{ Body: ' стоп! ' }, true],
    [{ Body: 'ОТПИСАТЬСЯ' }, true],
    [{ Body: 'stop the delivery, please' }, false],
    [{ Body: 'Когда привезут?' }, false],
    [{ Body: 'arret', OptOutType: 'STOP' }, true],
    [{ Body: 'START', OptOutType: 'START' }, false],
    [{ Body: 'help', OptOutType: 'HELP' }, false],
  ])('Twilio hands over %j', (more, stops) => {
    const events = twilioWebhook.read(rawWebhook(incoming(more)));
    const stopped = { kind: 'stopped', key: 'SMbbb', message: null, address: '+14017122661' };
    expect(events).toMatchObject(stops ? [stopped] : []);
  });

  test('what is not of Twilio’s shape is said to be so', () => {
    for (const raw of ['', '{}', 'a=1']) expect(twilioWebhook.read(rawWebhook(raw))).toBeNull();
  });

  test('it hears TwiML that does nothing', () => {
    expect(twilioWebhook.thanks).toEqual({ status: 200, contentType: 'text/xml', body: '<Response/>' });
  });
});

describe('SMSC', () => {
  const status = (more: Record<string, string> = {}) => ({
    id: '1234567',
    phone: '79161234567',
    status: '1',
    time: '22.11.2026 11:20:00',
    ts: '1795335600',
    err: '0',
    cnt: '1',
    type: '0',
    ...more,
  });

  function signed(params: Record<string, string>, word: string) {
    const line = `${params.id}:${params.phone}:${params.status}:${word}`;
    const [sha1, md5] = ['sha1', 'md5'].map((algorithm) => createHash(algorithm).update(line).digest('hex'));
    return { ...params, sha1: sha1 ?? '', md5: md5 ?? '' };
  }

  const form = (params: Record<string, string>) => rawWebhook(new URLSearchParams(params));

  test('every hash that it sends is looked at', async () => {
    const check = (params: Record<string, string>) => smscWebhook.check(form(params), ['old word', 'word'], 0);
    const genuine = signed(status(), 'word');
    expect(await check(genuine)).toBe('genuine');
    const { sha1, md5, ...bare } = genuine;
    expect(await check({ ...bare, sha1 })).toBe('genuine');
    expect(await check({ ...bare, md5 })).toBe('genuine');
    expect(await check(bare)).toBe('wrong');
    expect(await check({ ...genuine, md5: '00' })).toBe('wrong');
    expect(await check({ ...genuine, status: '20' })).toBe('wrong');
    expect(await check(signed(status(), 'another'))).toBe('wrong');
  });

  test('by GET it is a query', async () => {
    const url = `https://crm.shop.example/webhooks/smsc?${new URLSearchParams(signed(status(), 'word'))}`;
    const webhook = rawWebhook('', {}, { url, method: 'GET' });
    expect(await smscWebhook.check(webhook, ['word'], 0)).toBe('genuine');
    expect(smscWebhook.read(webhook)).toEqual([
      {
        kind: 'delivered',
        key: '1234567:1',
        channel: 'sms',
        message: { providerId: '1234567' },
        address: '+79161234567',
        at: 1_795_335_600_000,
        by: null,
        reason: null,
      },
    ]);
  });

  test.each([
    ['2', '0', 'read'],
    ['3', '0', 'failed'],
    ['4', '0', 'clicked'],
    ['20', '1', 'bounced'],
    ['20', '6', 'failed'],
    ['20', '249', 'bounced'],
    ['22', '0', 'bounced'],
    ['23', '0', 'failed'],
    ['25', '0', 'failed'],
  ])('status %s with error %s is %s', (code, err, kind) => {
    expect(smscWebhook.read(form(status({ status: code, err })))).toMatchObject([{ kind, key: `1234567:${code}` }]);
  });

  test.each(['-3', '-2', '-1', '0', 'x'])('status %s tells nothing', (code) => {
    expect(smscWebhook.read(form(status({ status: code })))).toEqual([]);
  });

  test('what is not of its shape is said to be so', () => {
    expect(smscWebhook.read(form({ phone: '79161234567', mes: 'hi' }))).toBeNull();
    expect(smscWebhook.read(rawWebhook('', {}, { url: 'nonsense' }))).toBeNull();
  });
});

describe('SMS.ru', () => {
  /** Entries as sms.ru/api/callback shows them. */
  const entries = [
    'sms_status\n000000-000001\n103\n1795335600',
    'sms_status\n000000-000002\n102',
    'callcheck_status\n1\n401',
  ];

  function called(list: string[], apiId: string, names = (index: number) => `data[${index}]`) {
    const hash = createHash('sha256')
      .update(`${apiId}${list.join('')}`)
      .digest('hex');
    const data = list.map((entry, index): [string, string] => [names(index), entry]);
    return rawWebhook(new URLSearchParams([...data, ['hash', hash]]));
  }

  test('the hash goes over the api_id and all entries', async () => {
    const check = (webhook: ReturnType<typeof called>) => smsruWebhook.check(webhook, ['other', 'A1B2'], 0);
    expect(await check(called(entries, 'A1B2'))).toBe('genuine');
    expect(await check(called(entries, 'A1B2', () => 'data[]'))).toBe('genuine');
    expect(await check(called(entries, 'A1B3'))).toBe('wrong');
    const changed = called(entries, 'A1B2').raw.toString().replace('103', '104');
    expect(await check(rawWebhook(changed))).toBe('wrong');
    expect(await check(rawWebhook(''))).toBe('wrong');
  });

  test('only what became of a message is told', () => {
    expect(smsruWebhook.read(called(entries, 'A1B2'))).toEqual([
      {
        kind: 'delivered',
        key: '000000-000001:103',
        channel: 'sms',
        message: { providerId: '000000-000001' },
        address: null,
        at: 1_795_335_600_000,
        by: null,
        reason: null,
      },
    ]);
    expect(smsruWebhook.read(rawWebhook('{}'))).toBeNull();
  });

  test.each([
    ['104', 'failed'],
    ['105', 'failed'],
    ['108', 'failed'],
    ['110', 'read'],
    ['150', 'failed'],
  ])('status %s is %s', (code, kind) => {
    expect(smsruWebhook.read(called([`sms_status\n1-1\n${code}`], 'A1B2'))).toMatchObject([{ kind, at: null }]);
  });

  test('it hears 100, or it would call again', () => {
    expect(smsruWebhook.thanks).toEqual({ status: 200, contentType: 'text/plain', body: '100' });
  });
});

test.each(['STOP', 'stop', '«Стоп»', 'Unsubscribe.', 'стоп все', 'СТОП ВСЁ', 'opt-out', 'отписка'])(
  '%j stops',
  (text) => {
    expect(isStopWord(text)).toBe(true);
  },
);

test.each(['', '!!!', 'nonstop', 'stop it', 'конец', 'не останавливайтесь', 'x'.repeat(1_000_000)])(
  '%.40j does not',
  (text) => {
    expect(isStopWord(text)).toBe(false);
  },
);
