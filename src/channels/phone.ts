import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import type { SubmitResult } from './channel.ts';

/** A phone in E.164 (`+79161234567`), and the country of its prefix where one can tell. */
export interface Phone {
  e164: string;
  digits: string;
  country: string | null;
}

/** Null where it cannot be a phone in E.164. Only the length is judged: tables of numbers in use are older than the numbers. */
export function phoneOf(address: string): Phone | null {
  if (!/^\+[1-9]\d{6,14}$/.test(address)) return null;
  const parsed = parsePhoneNumberFromString(address);
  if (!parsed?.isPossible()) return null;
  return { e164: address, digits: address.slice(1), country: parsed.country ?? null };
}

/** How providers write the numbers that they call back about: with the plus or without. */
export function e164Of(value: string): string | null {
  const digits = value.replace(/[\s().-]/g, '').replace(/^\+/, '');
  return /^[1-9]\d{6,14}$/.test(digits) ? `+${digits}` : null;
}

export const noPhone: SubmitResult = {
  result: 'refused',
  reason: 'the phone of the recipient is malformed',
  suppress: 'bounced',
};
