import type { JourneyRules } from '#db/invariants.ts';
import { durationMs } from '#domain/duration.ts';
import { contracts, journeyNames, settingsSchemas } from '#workflows/catalogue.ts';

/** What each journey promises by itself, for `checkInvariants`: by its contract, and its settings where they are not its own
 *  (`settings` by name). */
export function journeyRules(settings: Readonly<Record<string, unknown>> = {}): Record<string, JourneyRules> {
  return Object.fromEntries(
    journeyNames.map((name) => {
      const parsed: unknown = settingsSchemas[name].parse(settings[name] ?? {});
      const { repeatAfter, pause, priceAgainAfter } = parsed as Partial<
        Record<'repeatAfter' | 'pause' | 'priceAgainAfter', string>
      >;
      const messages = Object.entries(contracts[name].messages);
      const ignorePolicy = messages.filter(([, { obeys }]) => !obeys).map(([message]) => message);
      const { once } = contracts[name].reentry;
      const followsOrders = contracts[name].key === 'purchase';
      return [
        name,
        {
          once,
          followsOrders,
          ignorePolicy,
          ...(repeatAfter !== undefined && { repeatAfterMs: durationMs(repeatAfter) }),
          ...(pause !== undefined && { pauseMs: durationMs(pause) }),
          ...(priceAgainAfter !== undefined && { priceAgainAfterMs: durationMs(priceAgainAfter) }),
        },
      ];
    }),
  );
}
