import { setTimeout as sleep } from 'node:timers/promises';
import type { Update } from 'grammy/types';
import type { Api } from 'grammy/web';
import type { Logger } from 'pino';
import { toProblem } from '#api/errors.ts';
import type { BotLock } from '#db/telegram.ts';
import { told } from '#domain/told.ts';
import { allowedUpdates, apiFault, signalFor } from './api.ts';

export interface PollingDeps {
  api: Api;
  /** Null while another process fetches this bot's updates. */
  lock(): Promise<BotLock | null>;
  handle(update: Update): Promise<void>;
  log: Logger;
  stopping: AbortSignal;
}

/** Wall ms. */
const pauses = { first: 200, longest: 30_000, untilOurTurn: 1_000 };
/** Seconds that Telegram may keep a request that it has nothing for. */
const longPoll = 25;
/** An update that fails so often, and not for want of the database, is a fault of ours that waiting does not mend. */
const mostAttempts = 5;

/** Fetches updates until it is stopped, for machines that Telegram cannot reach; one process at a time. An update is confirmed
 *  (and forgotten by Telegram) only after it was handled. */
export async function poll(deps: PollingDeps): Promise<void> {
  const { lock, log, stopping } = deps;
  const backoff = backingOff(stopping);
  while (!stopping.aborted) {
    try {
      const held = await lock();
      if (held === null) {
        await pause(pauses.untilOurTurn, stopping);
        continue;
      }
      try {
        await fetchWhileHeld(deps, AbortSignal.any([stopping, held.lost]), backoff.reset);
      } finally {
        await held.release();
      }
    } catch (error) {
      if (stopping.aborted) return;
      log.warn({ fault: apiFault(error) }, 'updates of the Telegram bot could not be fetched; trying again');
      await backoff.wait();
    }
  }
}

async function fetchWhileHeld({ api, handle, log }: PollingDeps, until: AbortSignal, onAnswer: () => void) {
  // While a webhook is set Telegram gives nothing here.
  await api.deleteWebhook({}, signalFor(until));
  let offset = 0;
  while (!until.aborted) {
    const wish = { offset, timeout: longPoll, allowed_updates: allowedUpdates };
    const updates = await api.getUpdates(wish, signalFor(until));
    onAnswer();
    for (const update of updates) {
      if (until.aborted) return;
      if (!(await handled(update, handle, log, until))) return;
      offset = update.update_id + 1;
    }
  }
}

/** False where it is asked to end before that. */
async function handled(
  update: Update,
  handle: PollingDeps['handle'],
  log: Logger,
  until: AbortSignal,
): Promise<boolean> {
  const backoff = backingOff(until);
  for (let attempt = 1; !until.aborted; attempt++) {
    try {
      await handle(update);
      return true;
    } catch (error) {
      const isHopeless = toProblem(error).status !== 503 && attempt >= mostAttempts;
      log.error({ err: told(error), isHopeless }, 'an update of the Telegram bot could not be handled');
      if (isHopeless) return true;
      await backoff.wait();
    }
  }
  return false;
}

/** Twice as long each time. */
export function backingOff(until: AbortSignal) {
  let next = pauses.first;
  return {
    reset() {
      next = pauses.first;
    },
    async wait() {
      await pause(next, until);
      next = Math.min(pauses.longest, next * 2);
    },
  };
}

async function pause(ms: number, until: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: until }).catch(() => {});
}
