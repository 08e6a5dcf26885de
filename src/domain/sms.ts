/** How an SMS is counted (3GPP TS 23.038, 23.040): carriers bill segments, and one character can double them. */

const basic =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
/** These take two places: an escape comes before each. */
const extension = '\f^{}\\[~]|€';

const septets = new Map([
  ...Array.from(basic, (one) => [one, 1] as const),
  ...Array.from(extension, (one) => [one, 2] as const),
]);

export type SmsAlphabet = 'gsm7' | 'ucs2';

export interface SmsSize {
  alphabet: SmsAlphabet;
  /** Septets of GSM-7, UTF-16 code units of UCS-2. */
  units: number;
  /** 0 for an empty text. */
  segments: number;
}

/** Places in a lone segment, and in each of several, whose header takes some. */
const places = { gsm7: { alone: 160, joined: 153 }, ucs2: { alone: 70, joined: 67 } } as const;

/** What a text costs. A character is never split over two segments, so that a segment may go with a place unused. */
export function smsSize(text: string): SmsSize {
  const alphabet = alphabetOf(text);
  const sizes = Array.from(text, (one) => (alphabet === 'gsm7' ? (septets.get(one) ?? 0) : one.length));
  const units = sizes.reduce((sum, size) => sum + size, 0);
  const { alone, joined } = places[alphabet];
  if (units <= alone) return { alphabet, units, segments: units === 0 ? 0 : 1 };
  let segments = 1;
  let used = 0;
  for (const size of sizes) {
    if (used + size > joined) {
      segments += 1;
      used = 0;
    }
    used += size;
  }
  return { alphabet, units, segments };
}

function alphabetOf(text: string): SmsAlphabet {
  for (const one of text) if (!septets.has(one)) return 'ucs2';
  return 'gsm7';
}

const plain: Readonly<Record<string, string>> = {
  '…': '...',
  '–': '-',
  '—': '-',
  '−': '-',
  '‑': '-',
  '“': '"',
  '”': '"',
  '„': '"',
  '«': '"',
  '»': '"',
  '‘': "'",
  '’': "'",
  '\u00a0': ' ',
  '\u2009': ' ',
  '\u202f': ' ',
  '×': 'x',
  '₽': 'RUB ',
};

/** The text with plain signs for typographic ones, where that alone makes it a GSM-7 text of half the price; else as it is. */
export function smsText(text: string): string {
  const simple = text.replace(/[…–—−‑“”„«»‘’\u00a0\u2009\u202f×₽]/g, (sign) => plain[sign] ?? sign);
  return alphabetOf(simple) === 'gsm7' ? simple : text;
}
