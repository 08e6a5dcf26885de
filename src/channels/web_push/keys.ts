import { createECDH } from 'node:crypto';
import webpush from 'web-push';

/** By which push services know us (VAPID, RFC 8292): P-256, base64url, as `web-push generate-vapid-keys` prints them. */
export interface VapidKeys {
  publicKey: string;
  privateKey: string;
}

/** Makes a private key unreadable for whoever has the database alone (`src/db/seal.ts`). */
interface Sealer {
  seal(text: string, context: string): Buffer;
  open(sealed: Buffer, context: string): string | null;
}

const context = 'vapid private key';

/** A new pair as it is kept. */
export function newVapidKeys(sealer: Sealer): { publicKey: string; sealed: Buffer } {
  const { publicKey, privateKey } = webpush.generateVAPIDKeys();
  return { publicKey, sealed: sealer.seal(privateKey, context) };
}

/** Null where it was sealed under another VESTNIK_SECRET. */
export function openVapidKeys(
  sealer: Sealer,
  { publicKey, sealed }: { publicKey: string; sealed: Buffer },
): VapidKeys | null {
  const privateKey = sealer.open(sealed, context);
  return privateKey === null ? null : { publicKey, privateKey };
}

/** The pair of a private key: a public key that is given apart from it could be another's. Null where it is none. */
export function vapidKeysOf(privateKey: string): VapidKeys | null {
  if (!/^[\w-]{43}$/.test(privateKey)) return null;
  const curve = createECDH('prime256v1');
  try {
    curve.setPrivateKey(Buffer.from(privateKey, 'base64url'));
  } catch {
    return null;
  }
  return { publicKey: curve.getPublicKey('base64url'), privateKey };
}
