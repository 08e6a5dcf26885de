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

interface Sealed {
  publicKey: string;
  sealed: Buffer;
}

/** The shop's pair: of the private key that is `given` in the configuration, else the one that is kept, made at the first
 *  start. Null where it cannot be opened, being sealed under another VESTNIK_SECRET, or where what is given is none. */
export async function vapidKeys(
  given: string | undefined,
  sealer: Sealer,
  keep: (made: () => Sealed) => Promise<Sealed>,
): Promise<VapidKeys | null> {
  return given === undefined ? openVapidKeys(sealer, await keep(() => newVapidKeys(sealer))) : vapidKeysOf(given);
}

/** What to do where there is none. */
export const noVapidKeys =
  'web push is off: set VESTNIK_SECRET back to what it was, or VESTNIK_VAPID_PRIVATE_KEY to the key; or delete the row of the ' +
  'table vapid_keys, so that new keys are made and browsers subscribe anew at their next visit';

/** A new pair as it is kept. */
export function newVapidKeys(sealer: Sealer): Sealed {
  const { publicKey, privateKey } = webpush.generateVAPIDKeys();
  return { publicKey, sealed: sealer.seal(privateKey, context) };
}

/** Null where it was sealed under another VESTNIK_SECRET. */
export function openVapidKeys(sealer: Sealer, { publicKey, sealed }: Sealed): VapidKeys | null {
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
