import { hmacs, isOneOf } from '#channels/signed.ts';

const signed = (id: string) => `viber ${id}`;

/** Where a partner that signs nothing tells what became of one message: the address itself proves that we gave it out, for that
 *  message and no other. */
export function callbackUrl(publicUrl: string, id: string, secret: string): string {
  const [proof] = hmacs('sha256', [secret], signed(id));
  return `${publicUrl}/webhooks/viber?message=${id}&proof=${proof?.toString('hex')}`;
}

/** The message that such an address is about; null for other addresses. */
export function provenMessage(url: string, secrets: readonly string[]): string | null {
  const id = messageIn(url);
  const proof = URL.parse(url)?.searchParams.get('proof');
  return id !== null && isOneOf(proof, 'hex', hmacs('sha256', secrets, signed(id))) ? id : null;
}

export function messageIn(url: string): string | null {
  const id = URL.parse(url)?.searchParams.get('message') ?? '';
  return /^[0-9a-f-]{36}$/.test(id) ? id : null;
}
