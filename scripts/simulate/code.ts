/** The promo code that a message shows: as made by the pools of presets, letters and then what is told apart when read out. */
export function codeIn(text: string): string | undefined {
  return /\b[A-Z][A-Z0-9]{2,}-[2-9A-HJKMNP-Z]{4,}\b/.exec(text)?.[0];
}
