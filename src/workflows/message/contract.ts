import type { Contract, MessageFlags } from '#domain/journey.ts';

const service: MessageFlags = { kind: 'service', obeys: false, counts: false, sale: false, quietHours: false };

/** One transactional or test send: `POST /api/v1/messages` puts it down, a run of its own takes it to the customer (J16). */
export const contract = {
  name: 'message',
  title: 'Transactional message',
  class: 'service',
  topic: 'advice',
  key: 'request',
  startsOn: [],
  goalOn: [],
  reentry: { overlap: 'none', once: true },
  blocks: {
    send: { kind: 'message', title: 'What was asked for', next: ['end'] },
    test: { kind: 'message', title: 'A test of a message, which counts nowhere', next: ['end'] },
    end: { kind: 'end', title: 'End', next: [] },
  },
  messages: {
    'password-reset': service,
    'login-code': service,
    'email-confirmation': service,
    'account-created': service,
    'account-changed': service,
  },
  otherMessages: service,
} as const satisfies Contract;
