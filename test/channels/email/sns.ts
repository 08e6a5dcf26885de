import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export const topic = 'arn:aws:sns:us-east-1:123456789012:ses-events';
export const certificateUrl = 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem';

type Message = Record<string, string>;

const order = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];

/** What Amazon has: a key, the certificate that shows it, and a hand that signs. */
export function amazon() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    certificate: certificateOf(privateKey),
    signed(message: Message, version: '1' | '2' = '2'): Message {
      const fields = order.filter((name) => message[name] !== undefined);
      const text = fields.map((name) => `${name}\n${message[name]}\n`).join('');
      const signature = sign(version === '1' ? 'sha1' : 'sha256', Buffer.from(text), privateKey).toString('base64');
      return { SignatureVersion: version, SigningCertURL: certificateUrl, ...message, Signature: signature };
    },
  };
}

/** An event of SES as SNS carries it. */
export function notification(event: object, more: Message = {}): Message {
  const Timestamp = new Date().toISOString();
  const MessageId = '19ba9823-d7f2-53c1-860e-cb10e0d13dfc';
  const told = { Message: `${JSON.stringify(event)}\n`, Subject: 'Amazon SES Email Event Notification' };
  return { Type: 'Notification', MessageId, TopicArn: topic, Timestamp, ...told, ...more };
}

const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const long =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...long]), body]);
};

/** A self-signed certificate (RFC 5280), the smallest that there is. */
function certificateOf(key: KeyObject): string {
  const sha256WithRsa = der(0x30, der(0x06, Buffer.from('2a864886f70d01010b', 'hex')), der(0x05));
  const commonName = der(0x30, der(0x06, Buffer.from('550403', 'hex')), der(0x0c, Buffer.from('sns.amazonaws.com')));
  const name = der(0x30, der(0x31, commonName));
  const validity = der(0x30, der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('490101000000Z')));
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const body = der(0x30, der(0x02, Buffer.from([1])), sha256WithRsa, name, validity, name, publicKey);
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, key));
  const lines = der(0x30, body, sha256WithRsa, signature).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
