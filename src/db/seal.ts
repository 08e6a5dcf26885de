import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Makes secrets unreadable for whoever has the database alone. */
export interface Sealer {
  /** `context` binds the seal to its row: moved to another it does not open. */
  seal(text: string, context: string): Buffer;
  /** Null where it was sealed under another secret or for another row. */
  open(sealed: Buffer, context: string): string | null;
}

const algorithm = 'aes-256-gcm';
/** Bytes, as NIST SP 800-38D has them. */
const nonceLength = 12;
const tagLength = 16;

/** AES-256-GCM under a key derived from VESTNIK_SECRET, another for each `purpose`. Sealed: nonce, tag, ciphertext. */
export function createSealer(secret: string, purpose = 'vestnik webhook secrets'): Sealer {
  const key = Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
  return {
    seal(text, context) {
      const nonce = randomBytes(nonceLength);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
    },
    open(sealed, context) {
      const nonce = sealed.subarray(0, nonceLength);
      const tag = sealed.subarray(nonceLength, nonceLength + tagLength);
      try {
        const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagLength });
        decipher.setAAD(Buffer.from(context)).setAuthTag(tag);
        return decipher.update(sealed.subarray(nonceLength + tagLength), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        return null;
      }
    },
  };
}
