import { createPrivateKey, type KeyObject } from 'node:crypto';

export interface FcmSettings {
  projectId: string;
  clientEmail: string;
  privateKey: KeyObject;
  /** Where a signed assertion is changed for an access token. */
  tokenUrl: string;
  /** Google's, or a server that speaks its protocol. */
  apiUrl: string;
  /** Wall seconds that FCM keeps a notification for a phone that is off. */
  ttl: number;
  /** Wall milliseconds for each request. A submission makes four at most: well below the lease of its row (90 s). */
  timeLimit: number;
}

/** From the JSON of a Google service account (Firebase console, Project settings, Service accounts). Throws a TypeError that
 *  names what is missing and quotes nothing. */
export function fcmSettings(serviceAccount: string, more: Partial<FcmSettings> = {}): FcmSettings {
  const account = parsed(serviceAccount);
  const read = (name: string): string => {
    const value = account[name];
    if (typeof value !== 'string' || value === '') throw new TypeError(`the service account has no ${name}`);
    return value;
  };
  return {
    projectId: read('project_id'),
    clientEmail: read('client_email'),
    privateKey: keyOf(read('private_key')),
    tokenUrl: read('token_uri'),
    apiUrl: 'https://fcm.googleapis.com',
    ttl: 86_400,
    timeLimit: 10_000,
    ...more,
  };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // Its message would quote the key.
  }
  throw new TypeError('the service account is not the JSON that the Firebase console gives');
}

function keyOf(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new TypeError('the private_key of the service account is no PEM key');
  }
}
