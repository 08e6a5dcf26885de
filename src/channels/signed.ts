import { createHmac, timingSafeEqual } from 'node:crypto';

/** Whether `given` is one of the digests. All are compared whatever the first says, each in constant time. */
export function isOneOf(
  given: string | null | undefined,
  encoding: 'hex' | 'base64',
  digests: readonly Buffer[],
): boolean {
  if (!given) return false;
  const signature = Buffer.from(given, encoding);
  return digests
    .map((digest) => digest.length === signature.length && timingSafeEqual(digest, signature))
    .includes(true);
}

export function hmacs(
  algorithm: 'sha1' | 'sha256',
  secrets: readonly (string | Buffer)[],
  signed: string | Buffer,
): Buffer[] {
  return secrets.map((secret) => createHmac(algorithm, secret).update(signed).digest());
}
