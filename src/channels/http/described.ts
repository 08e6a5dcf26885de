import type { SubmitResult } from '#channels/channel.ts';
import { type Answered, type Call, call } from './call.ts';
import { type Description, filled, found, type Values } from './description.ts';
import { byStatus, isSuccess, later, refused, said, toMend } from './outcome.ts';

/** Hands a message to a provider that is described in data. `id` is the ledger's. */
export async function submitDescribed(
  description: Description,
  values: Values,
  { id, timeLimit }: { id: string; timeLimit: number },
): Promise<SubmitResult> {
  const reply = await call(requestOf(description, values, timeLimit));
  return reply.got === 'none' ? byStatus(reply, '') : outcomeOf(description, reply, id);
}

function requestOf({ url, method, headers, send, fields }: Description, values: Values, timeLimit: number): Call {
  const encoded = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, encodeURIComponent(String(value ?? ''))]),
  );
  const address = new URL(String(filled(url, encoded)));
  const sent = { ...(filled(fields, values) as Record<string, unknown> | undefined) };
  const known = filled(headers, values) as Record<string, string> | undefined;
  if (send === 'json')
    return {
      url: address.href,
      method,
      headers: { 'content-type': 'application/json', ...known },
      body: JSON.stringify(sent),
      timeLimit,
    };
  const form = new URLSearchParams(
    Object.entries(sent).map(([name, value]): [string, string] => [name, String(value)]),
  );
  if (send === 'form')
    return {
      url: address.href,
      method,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...known },
      body: `${form}`,
      timeLimit,
    };
  for (const [name, value] of form) address.searchParams.append(name, value);
  return { url: address.href, method, headers: { ...known }, body: null, timeLimit };
}

function outcomeOf(description: Description, reply: Answered, id: string): SubmitResult {
  const { name, answer, errors } = description;
  const { body, status, retryAfterMs } = reply;
  const given = answer.error.map((where) => found(body, where)).filter((code) => code !== undefined);
  const code = given.find((one) => !isAmong(one, answer.ok));
  const words = answer.says.map((where) => found(body, where));
  const reason = said(`${name} answered ${status}`, code ?? '', ...words);
  if (code !== undefined) {
    if (isAmong(code, errors.duplicate)) return { result: 'accepted', providerId: found(body, answer.id) ?? id };
    if (isAmong(code, errors.badAddress)) return refused(reason, 'bounced');
    if (isAmong(code, errors.blocked)) return refused(reason, 'blocked');
    if (isAmong(code, errors.later)) return later(reason, retryAfterMs);
    if (isAmong(code, errors.money)) return toMend(reason, 'the account is out of money, top it up');
    if (isAmong(code, errors.credentials)) return toMend(reason, 'check the credentials and the name of the sender');
    return isSuccess(reply) ? refused(reason) : byStatus(reply, reason);
  }
  const providerId = found(body, answer.id);
  return isSuccess(reply) && providerId !== undefined ? { result: 'accepted', providerId } : byStatus(reply, reason);
}

function isAmong(code: string, list: readonly string[] = []): boolean {
  return list.some((one) => (one.endsWith('*') ? code.startsWith(one.slice(0, -1)) : one === code));
}
