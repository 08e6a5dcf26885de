import { hmacs, isOneOf } from '#channels/signed.ts';

const signed = (source: string, id: string) => `${source} ${id}`;

/** Where a provider that signs nothing tells what became of one message: the address itself proves that we gave it out, for that
 *  message and no other. `source`: the last part of `/webhooks/:source`. */
export function callbackUrl(publicUrl: string, source: string, id: string, secret: string): string {
  const [proof] = hmacs('sha256', [secret], signed(source, id));
  return `${publicUrl}/webhooks/${source}?message=${id}&proof=${proof?.toString('hex')}`;
}

/** Whether it is such an address, made with one of the secrets. */
export function isProven(url: string, source: string, secrets: readonly string[]): boolean {
  const id = messageIn(url);
  const proof = URL.parse(url)?.searchParams.get('proof');
  return id !== null && isOneOf(proof, 'hex', hmacs('sha256', secrets, signed(source, id)));
}

/** The message that an address is about. */
export function messageIn(url: string): string | null {
  const id = URL.parse(url)?.searchParams.get('message') ?? '';
  return /^[0-9a-f-]{36}$/.test(id) ? id : null;
}
