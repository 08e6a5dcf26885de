import { createHmac, timingSafeEqual } from 'node:crypto';

/** Whether one of the signatures (base64) is that of `signed` under one of the secrets. All are tried whatever the first
 *  says, each in constant time. */
export function isSigned(
  signed: Buffer,
  signatures: readonly string[],
  secrets: readonly (string | Buffer)[],
): boolean {
  const given = signatures.slice(0, mostSignatures).map((signature) => Buffer.from(signature, 'base64'));
  const right = secrets.map((secret) => createHmac('sha256', secret).update(signed).digest());
  const hits = given.flatMap((one) => right.map((other) => one.length === other.length && timingSafeEqual(one, other)));
  return hits.includes(true);
}

/** A header with thousands of them only costs time. */
const mostSignatures = 20;
