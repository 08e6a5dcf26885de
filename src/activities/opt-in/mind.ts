import { nothing, untrue } from '#activities/content.ts';
import { seriesMind } from '#activities/series.ts';
import { settingsReader } from '#activities/settings-reader.ts';
import { wasAskedSince } from '#db/opt-ins.ts';
import { durationMs } from '#domain/duration.ts';
import { contract } from '#workflows/opt-in/contract.ts';
import { settings } from '#workflows/opt-in/settings.ts';

const settingsOf = settingsReader(settings, ({ askAgainAfter }) => ({ askAgainAfterMs: durationMs(askAgainAfter) }));

const series = seriesMind({
  contract,
  settings,
  compose: {
    async confirm(trx, { facts, now }) {
      if (facts.contact.unconfirmed.length === 0) return untrue('nothing_to_confirm');
      const since = new Date(now - settingsOf(facts).askAgainAfterMs);
      const wasAsked = await wasAskedSince(trx, facts.customer.id, contract.name, since);
      return wasAsked ? untrue('asked_lately') : nothing;
    },
  },
});

/** Most who subscribe need not confirm: for them there is nothing to enter for. */
export const mind = {
  ...series,
  isEnabled: (facts: Parameters<typeof series.isEnabled>[0]) =>
    facts.contact.unconfirmed.length > 0 && series.isEnabled(facts),
};
