/** What Telegram takes, in characters (UTF-16 units) after its markup is read: https://core.telegram.org/bots/api. */
export const telegramLimits = {
  /** A message without a photo. */
  text: 4096,
  /** Under a photo. */
  caption: 1024,
} as const;
