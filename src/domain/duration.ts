/** Durations in settings are ISO 8601 with days at most (`PT30M`, `P1D`, `P3DT12H`): no months, whose length varies.
 *  So few digits that an instant and a duration always make an instant. */
export const isoDuration = /^P(?=\d|T\d)(?:(\d{1,5})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?$/;

/** Milliseconds of business time. Throws a TypeError on text that is no such duration. */
export function durationMs(text: string): number {
  const before = known.get(text);
  if (before !== undefined) return before;
  const match = isoDuration.exec(text);
  if (!match) throw new TypeError(`not a duration: ${text}`);
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = match;
  const ms = (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  if (known.size < mostKnown) known.set(text, ms);
  return ms;
}

/** Settings have few, and one decision asks for the same ones many times. */
const known = new Map<string, number>();
const mostKnown = 1_000;
