import type { SubmitResult } from '#channels/channel.ts';
import type { Answered } from '#channels/http/call.ts';
import { found } from '#channels/http/description.ts';
import { byStatus, isSuccess, later, refused, said, toMend } from '#channels/http/outcome.ts';

/** Errors by https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes. These are rightly sent, but too fast;
 *  131056: to this one customer; 131048: too many have blocked us or called it spam. */
const tooFast = new Set([4, 17, 80007, 130429, 131048, 131056, 133016]);
/** Meta is away for a while, and says so in place of taking the message. */
const away = new Set([2, 131016, 131057, 133004]);
/** The token, the permissions, the account or its money: no message of ours would be taken. */
const ours = new Set([0, 3, 10, 190, 200, 368, 131005, 131031, 131042, 131045, 133010]);

/** About this message, or this customer and this message, whatever the status: 131026 not on WhatsApp, 131047 not written within a
 *  day, 131049 enough advertising from all for now, 131050 wants none from us, 130472 part of Meta's experiment. None says that the
 *  phone does not exist. */
const refusals = new Set([130472, 131021, 131026, 131047, 131049, 131050, 131051, 131052, 131053]);

/** What an answer of the Cloud API means. */
export function outcomeOf(reply: Answered): SubmitResult {
  const { status, body, retryAfterMs } = reply;
  const id = found(body, 'messages.*.id');
  if (isSuccess(reply) && id !== undefined) return { result: 'accepted', providerId: id };
  const code = found(body, 'error.code');
  const reason = said(
    `WhatsApp answered ${status}`,
    code,
    found(body, 'error.error_data.details') ?? found(body, 'error.message'),
  );
  if (code === undefined) return byStatus(reply, reason);
  const error = Number(code);
  if (tooFast.has(error) || away.has(error)) return later(reason, retryAfterMs);
  if (ours.has(error)) return toMend(reason, 'check the token, the number and the account at Meta');
  return refusals.has(error) || (status >= 400 && status < 500 && status !== 429)
    ? refused(reason)
    : byStatus(reply, reason);
}
