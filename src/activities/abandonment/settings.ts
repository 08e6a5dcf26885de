import { settingsReader } from '#activities/settings-reader.ts';
import type { Facts } from '#db/facts.ts';
import { durationMs } from '#domain/duration.ts';
import { type Branch, type BranchSettings, branches, type IntentSettings } from '#domain/intent.ts';
import type { MessageName } from '#workflows/abandonment/contract.ts';
import { type Settings, settings } from '#workflows/abandonment/settings.ts';

/** Settings with durations in ms, as the decisions want them. */
export interface Prepared extends IntentSettings<MessageName> {
  raw: Settings;
  entryValidForMs: number;
  /** How often a company is spoken to as a person; null: as often as people. */
  companyEveryMs: number | null;
}

function prepare(raw: Settings): Prepared {
  const branch = (name: Branch): BranchSettings<MessageName> => ({
    idleMs: durationMs(raw.branches[name].idle),
    steps: raw.branches[name].steps.map((step) => ({
      message: step.message,
      afterMs: durationMs(step.after),
      validForMs: durationMs(step.validFor),
      cascade: step.cascade ?? raw.cascade,
    })),
  });
  return {
    raw,
    entryValidForMs: durationMs(raw.entryValidFor),
    companyEveryMs: raw.companies.asPeople && durationMs(raw.companies.asPeople.every),
    lookbackMs: durationMs(raw.lookback),
    sessionMs: durationMs(raw.session),
    repeatAfterMs: durationMs(raw.repeatAfter),
    expensiveFrom: raw.expensiveFrom,
    branches: Object.fromEntries(branches.map((name) => [name, branch(name)])) as Prepared['branches'],
  };
}

/** What is said of companies goes before what is said of everybody, branch by branch. */
function forCompanies({ companies, ...raw }: Settings): Settings {
  const { branches: theirs, asPeople: _, ...said } = companies;
  return { ...raw, ...defined(said), branches: { ...raw.branches, ...defined(theirs) }, companies };
}

function defined<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

const read = settingsReader(settings, (raw) => ({ personal: prepare(raw), corporate: prepare(forCompanies(raw)) }));

/** Of the profile that the run is about (J8). */
export function settingsOf(facts: Pick<Facts, 'settings' | 'profile'>): Prepared {
  return read(facts)[facts.profile ?? 'personal'];
}
