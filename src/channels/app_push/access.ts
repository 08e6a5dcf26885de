import { sign } from 'node:crypto';
import { call } from '#channels/http/call.ts';
import { byStatus, isSuccess, said, toMend } from '#channels/http/outcome.ts';
import type { DeviceOutcome } from '#channels/push/devices.ts';
import { isRecord } from '#domain/shapes.ts';
import type { FcmSettings } from './settings.ts';

export type Access = { token: string } | { failed: Extract<DeviceOutcome, { result: 'later' }> };

export interface AccessTokens {
  /** One that holds for a minute at least. `not`: one that was refused just now. */
  get(not?: string): Promise<Access>;
}

const scope = 'https://www.googleapis.com/auth/firebase.messaging';
const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Access tokens of a service account (RFC 7523), kept while they hold; those who need one at once share one request. */
export function createAccessTokens(settings: FcmSettings, wall: () => number = Date.now): AccessTokens {
  let kept: { token: string; until: number } | null = null;
  let asking: Promise<Access> | null = null;

  async function ask(): Promise<Access> {
    const body = new URLSearchParams({ grant_type: grantType, assertion: assertion(settings, wall()) }).toString();
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const { tokenUrl: url, timeLimit } = settings;
    const reply = await call({ url, method: 'POST', headers, body, timeLimit });
    if (reply.got === 'answer' && isSuccess(reply) && isRecord(reply.body)) {
      const { access_token: token, expires_in: seconds } = reply.body;
      if (typeof token === 'string' && typeof seconds === 'number') {
        kept = { token, until: wall() + (seconds - 60) * 1000 };
        return { token };
      }
    }
    const words =
      reply.got === 'answer' && isRecord(reply.body) ? [reply.body.error, reply.body.error_description] : [];
    const reason = said('no access token:', reply.got === 'answer' ? reply.status : reply.reason, ...words);
    return { failed: notYet(byStatus(reply, reason), reason) };
  }

  return {
    async get(not) {
      if (kept && kept.until > wall() && kept.token !== not) return { token: kept.token };
      asking ??= ask().finally(() => {
        asking = null;
      });
      return asking;
    },
  };
}

/** Without a token nothing was sent to anybody, whatever came back. */
function notYet(result: ReturnType<typeof byStatus>, reason: string): Extract<DeviceOutcome, { result: 'later' }> {
  const waits = result.result === 'refused' ? toMend(reason, 'check the service account') : result;
  return { result: 'later', reason, retryAfterMs: waits.result === 'later' ? waits.retryAfterMs : null };
}

/** RS256 (RFC 7515), good for an hour, as Google wants it. */
function assertion({ clientEmail, privateKey, tokenUrl }: FcmSettings, wallNow: number): string {
  const iat = Math.floor(wallNow / 1000);
  const claims = { iss: clientEmail, scope, aud: tokenUrl, iat, exp: iat + 3600 };
  const signed = [{ alg: 'RS256', typ: 'JWT' }, claims].map(base64url).join('.');
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
