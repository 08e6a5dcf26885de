import { createVerify, X509Certificate } from 'node:crypto';
import { isRecord, type Properties, text } from '#domain/shapes.ts';

/** How a document is got over https; fails where it cannot be. */
export type Get = (url: string) => Promise<string>;

/** Fields that each kind of message signs, in this order (https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html). */
const signedFields: Readonly<Record<string, readonly string[]>> = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
};

const algorithms: Readonly<Record<string, string>> = { 1: 'sha1', 2: 'sha256' };

/** Null where the body is no message of SNS. */
export function snsMessage(raw: Buffer): Properties | null {
  try {
    const body: unknown = JSON.parse(raw.toString('utf8'));
    return isRecord(body) && Object.hasOwn(signedFields, String(body.Type)) ? body : null;
  } catch {
    return null;
  }
}

/** Only Amazon's own hosts: whoever may name the certificate may sign. Null for anything else. */
export function amazonUrl(value: unknown): string | null {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  const isTheirs = url !== null && /^sns\.[a-z0-9-]{3,}\.amazonaws\.com(\.cn)?$/.test(url.hostname);
  return isTheirs && url.protocol === 'https:' && url.port === '' && url.username === '' ? url.href : null;
}

/** Checks signatures, remembering the certificates. Throws where a certificate cannot be got. */
export function createSnsVerifier(get: Get): (message: Properties) => Promise<boolean> {
  const keys = new Map<string, Promise<X509Certificate>>();

  function certificate(url: string): Promise<X509Certificate> {
    const known = keys.get(url);
    if (known !== undefined) return known;
    const asked = get(url).then((pem) => new X509Certificate(pem));
    // Amazon changes it once in some years; addresses of others never come here.
    if (keys.size >= 20) keys.clear();
    keys.set(url, asked);
    asked.catch(() => keys.delete(url));
    return asked;
  }

  return async (message) => {
    const url = amazonUrl(message.SigningCertURL);
    const algorithm = algorithms[text(message.SignatureVersion) ?? ''];
    if (url === null || !url.endsWith('.pem') || algorithm === undefined) return false;
    const { publicKey } = await certificate(url);
    const signature = Buffer.from(text(message.Signature) ?? '', 'base64');
    return createVerify(algorithm).update(signedText(message)).verify(publicKey, signature);
  };
}

function signedText(message: Properties): string {
  const fields = signedFields[String(message.Type)] ?? [];
  const present = fields.filter((name) => message[name] !== undefined && message[name] !== null);
  return present.map((name) => `${name}\n${text(message[name]) ?? ''}\n`).join('');
}
