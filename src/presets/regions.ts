/** Regions as Russian shops name them, and what time it is there: quiet hours of customers whose own zone and phone tell nothing. */
export const russianZones = {
  msk: 'Europe/Moscow',
  spb: 'Europe/Moscow',
  ekb: 'Asia/Yekaterinburg',
  nsk: 'Asia/Novosibirsk',
  vvo: 'Asia/Vladivostok',
} as const;
