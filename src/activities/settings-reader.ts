import type { Facts } from '#db/facts.ts';

/** Versions kept, a journey: more than there are runs of different versions alive. An older one is parsed again. */
const mostKept = 100;

/**
 * How a mind reads its journey's settings: `settingsOf(facts)`, in the form that `prepare` gives them. Versions never
 * change, so each is parsed once a process; parsing fills in settings that are newer than the version, and the defaults
 * hold where nobody has saved any.
 */
export function settingsReader<Raw, Prepared>(
  schema: { parse(value: unknown): Raw },
  prepare: (raw: Raw) => Prepared,
): (facts: Pick<Facts, 'settings'>) => Prepared {
  const kept = new Map<string, Prepared>();
  /** Asked several times about the same facts. */
  const known = new WeakMap<object, Prepared>();
  const read = (value: unknown) => {
    const key = JSON.stringify(value);
    const prepared = kept.get(key) ?? prepare(schema.parse(value));
    // What was used last stands last.
    kept.delete(key);
    kept.set(key, prepared);
    for (const oldest of kept.keys()) {
      if (kept.size <= mostKept) break;
      kept.delete(oldest);
    }
    return prepared;
  };
  return ({ settings: { journey } }) => {
    if (journey === null) return read({});
    const prepared = known.get(journey) ?? read(journey.value ?? {});
    known.set(journey, prepared);
    return prepared;
  };
}
