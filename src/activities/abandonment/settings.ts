import type { Facts } from '#db/facts.ts';
import { durationMs } from '#domain/duration.ts';
import { type Branch, type BranchSettings, branches, type IntentSettings } from '#domain/intent.ts';
import type { MessageName } from '#workflows/abandonment/contract.ts';
import { type Settings, settings } from '#workflows/abandonment/settings.ts';

/** Settings with durations in ms, as the decisions want them. */
export interface Prepared extends IntentSettings<MessageName> {
  raw: Settings;
  entryValidForMs: number;
}

/** Versions never change, so each is parsed once a process; parsing fills in settings that are newer than it. */
const prepared = new Map<string, Prepared>();

/** Without a version in the database the defaults hold. */
export function settingsOf({ settings: { journey } }: Pick<Facts, 'settings'>): Prepared {
  const key = JSON.stringify(journey?.value ?? {});
  const known = prepared.get(key) ?? prepare(settings.parse(journey?.value ?? {}));
  prepared.set(key, known);
  return known;
}

function prepare(raw: Settings): Prepared {
  const branch = (name: Branch): BranchSettings<MessageName> => ({
    idleMs: durationMs(raw.branches[name].idle),
    steps: raw.branches[name].steps.map(({ message, after, validFor }) => ({
      message,
      afterMs: durationMs(after),
      validForMs: durationMs(validFor),
    })),
  });
  return {
    raw,
    entryValidForMs: durationMs(raw.entryValidFor),
    lookbackMs: durationMs(raw.lookback),
    sessionMs: durationMs(raw.session),
    repeatAfterMs: durationMs(raw.repeatAfter),
    expensiveFrom: raw.expensiveFrom,
    branches: Object.fromEntries(branches.map((name) => [name, branch(name)])) as Prepared['branches'],
  };
}
