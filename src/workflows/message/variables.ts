import type { Variables } from '#domain/template-variables.ts';

const link = (example: string) => ({ type: 'url', example, description: 'Never counted, never kept' }) as const;

/** What the `data` of each message must have. */
export const variables = {
  'password-reset': {
    link: link('https://shop.example/reset/4f1c9a7e'),
    validUntil: { type: 'time', optional: true, example: '2026-11-29T15:00:00.000Z' },
  },
  'login-code': {
    code: { type: 'text', example: '482 913' },
    minutes: { type: 'number', optional: true, example: 10, description: 'How long it may be used' },
  },
  'email-confirmation': { link: link('https://shop.example/confirm/9b2e77d0') },
  'account-created': { link: { ...link('https://shop.example/account'), optional: true } },
  'account-changed': {
    what: { type: 'text', example: 'your password', description: 'What was changed, in the language of the letter' },
    at: { type: 'time', optional: true, example: '2026-11-29T15:00:00.000Z' },
    link: { ...link('https://shop.example/account/security'), optional: true },
  },
} as const satisfies Record<string, Variables>;
