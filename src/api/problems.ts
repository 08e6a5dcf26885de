/** Every error that the gateway answers with, and what to do next. `docs/errors.md` lists the same codes. */
export const problems = {
  malformed_json: { status: 400, title: 'The body is not JSON', next: 'Send one JSON document in UTF-8.' },
  malformed_request: {
    status: 400,
    title: 'The request cannot be read',
    next: 'Check the encoding of the path and the length of the body.',
  },
  malformed_body: {
    status: 400,
    title: 'The body cannot be read',
    next: 'Send one JSON object in UTF-8, plain or as gzip: at most 32 KB for an event, 500 KB for a batch.',
  },
  event_refused: {
    status: 400,
    title: 'No event of the request can be accepted',
    next: 'Correct what `refused` names; sending the same again changes nothing.',
  },
  invalid_request: {
    status: 400,
    title: 'Some values are not valid',
    next: 'Correct what `errors` names and send the request again.',
  },
  invalid_cursor: {
    status: 400,
    title: 'The cursor is not one of ours',
    next: 'Take `next` of an answer as it is, or leave `cursor` out to begin anew.',
  },
  unauthorized: {
    status: 401,
    title: 'No valid API key',
    next: 'Send `Authorization: Bearer <API key>` with a key that is not revoked.',
  },
  wrong_write_key: {
    status: 401,
    title: 'No valid write key',
    next: 'Give the write key of a source as the user of Basic authentication or as `writeKey` in the body.',
  },
  wrong_signature: {
    status: 401,
    title: 'The signature is not right',
    next: 'Sign the raw body with a secret that is kept for this source (`GET /api/v1/webhook-secrets` lists them).',
  },
  stale_signature: {
    status: 401,
    title: 'The signed time is too far from now',
    next: 'Sign again with the time as it is (`webhook-timestamp`): 300 seconds either way are taken.',
  },
  not_found: { status: 404, title: 'There is no such page', next: 'See `/openapi.json` or `/docs` for what there is.' },
  export_not_found: {
    status: 404,
    title: 'There is no such table to export',
    next: 'Take one of those that `docs/exports.md` lists, such as `/api/v1/exports/orders`.',
  },
  customer_not_found: {
    status: 404,
    title: 'There is no such customer',
    next: 'Find the id with `GET /api/v1/customers?email=` (or `phone`, `userId`).',
  },
  conflict_not_found: {
    status: 404,
    title: 'There is no such conflict',
    next: 'List them with `GET /api/v1/conflicts`; what was erased is not among them.',
  },
  product_not_found: {
    status: 404,
    title: 'There is no such product',
    next: 'List the catalogue with `GET /api/v1/products`, or add it with `PUT`.',
  },
  endpoint_not_found: {
    status: 404,
    title: 'There is no such webhook endpoint',
    next: 'List them with `GET /api/v1/webhook-endpoints`.',
  },
  item_not_found: {
    status: 404,
    title: 'There is no such item',
    next: 'Add it to the catalogue with `PUT /api/v1/products`, or let somebody join its queue.',
  },
  device_not_found: {
    status: 404,
    title: 'There is no such device',
    next: 'Register it with `POST /site/v1/push/subscriptions` or `…/tokens`.',
  },
  message_not_found: {
    status: 404,
    title: 'There is no such message',
    next: 'List them with `GET /api/v1/messages?customerId=`.',
  },
  segment_not_found: {
    status: 404,
    title: 'There is no such segment',
    next: 'See their ids in `GET /api/v1/segments`.',
  },
  promo_pool_not_found: {
    status: 404,
    title: 'There is no such pool of promo codes',
    next: 'See their ids in `GET /api/v1/promo-pools`.',
  },
  template_not_found: {
    status: 404,
    title: 'There is no such template',
    next: 'See what there is in `GET /api/v1/templates`, or add it with `PUT /api/v1/templates/{name}`.',
  },
  journey_not_found: {
    status: 404,
    title: 'There is no such journey',
    next: 'See their names in `GET /api/v1/journeys`.',
  },
  version_not_found: {
    status: 404,
    title: 'There is no such version of these settings',
    next: 'See what there is in `…/settings/versions`.',
  },
  key_not_found: { status: 404, title: 'There is no such key', next: 'See the ids in the list of keys.' },
  webhook_unknown: {
    status: 404,
    title: 'There is no such source of webhooks',
    next: 'Take one of those that `docs/api.md` lists, such as `/webhooks/shopify`.',
  },
  webhook_closed: {
    status: 404,
    title: 'No secret is kept for this source, so its webhooks cannot be checked',
    next: 'Give the secret by which it signs with `POST /api/v1/webhook-secrets`.',
  },
  telegram_closed: {
    status: 404,
    title: 'Webhooks of Telegram are not taken here',
    next: 'Set VESTNIK_TELEGRAM_TOKEN, VESTNIK_TELEGRAM_SECRET and VESTNIK_TELEGRAM_MODE=webhook for the gateway.',
  },
  secret_not_found: {
    status: 404,
    title: 'There is no such secret',
    next: 'See the ids in `GET /api/v1/webhook-secrets`.',
  },
  method_not_allowed: {
    status: 405,
    title: 'This page knows other methods',
    next: 'Use one of those in the header `Allow`.',
  },
  conflict_decided: {
    status: 409,
    title: 'This conflict was decided otherwise',
    next: 'See its decision in `GET /api/v1/conflicts?state=decided`.',
  },
  key_name_taken: {
    status: 409,
    title: 'A key of this name exists',
    next: 'Choose another name; names of revoked keys are not given again.',
  },
  segment_taken: {
    status: 409,
    title: 'A segment of this name exists',
    next: 'Choose another name, or change that segment with `PUT`.',
  },
  segment_in_use: {
    status: 409,
    title: 'Another segment names this one',
    next: 'Change its condition first.',
  },
  segment_imported: {
    status: 409,
    title: 'A list from elsewhere has no condition, and a segment by condition always one',
    next: 'Make another segment with `POST /api/v1/segments`.',
  },
  segment_dynamic: {
    status: 409,
    title: 'The members of this segment follow its condition',
    next: 'Give members to segments that were made without a condition.',
  },
  promo_pool_taken: {
    status: 409,
    title: 'A pool of promo codes of this name exists',
    next: 'Choose another name, or add codes to that pool.',
  },
  promo_pool_generated: {
    status: 409,
    title: 'The codes of this pool are made here',
    next: 'Read them with `GET …/codes`; codes are given to pools without `generated`.',
  },
  own_key: {
    status: 409,
    title: 'A key cannot revoke itself',
    next: 'Revoke it with another key, so that nobody is locked out.',
  },
  no_telegram_bot: {
    status: 409,
    title: 'The shop has no Telegram bot',
    next: 'Make one with @BotFather and set VESTNIK_TELEGRAM_TOKEN for gateway and worker.',
  },
  customer_busy: {
    status: 409,
    title: 'A message to this customer is being sent right now',
    next: 'Send the same again in a minute and a half at most: by then the sending has ended.',
  },
  journey_disabled: {
    status: 409,
    title: 'The journey is switched off',
    next: 'Set `enabled` in `PUT /api/v1/journeys/{name}/settings`.',
  },
  customer_erased: { status: 410, title: 'This customer was erased', next: 'Nothing is left to show; drop the id.' },
  version_conflict: {
    status: 412,
    title: 'Somebody changed these settings in between',
    next: 'Read them again and apply your change to the newest version.',
  },
  too_large: { status: 413, title: 'The body is too large', next: 'Send smaller batches; the limit is 5 MB.' },
  not_json: { status: 415, title: 'The body must be JSON', next: 'Send `Content-Type: application/json`.' },
  unsupported_encoding: {
    status: 415,
    title: 'The body is encoded in an unknown way',
    next: 'Send UTF-8, plain or with `Content-Encoding: gzip`, `deflate` or `br`.',
  },
  template_data: {
    status: 422,
    title: 'The data does not fit the template',
    next: 'Give each variable that `GET /api/v1/templates/{name}` names, and no other.',
  },
  template_faulty: {
    status: 422,
    title: 'The template cannot be used as it is',
    next: 'Mend what `errors` names; `docs/letters.md` says what a template may have.',
  },
  not_reachable: {
    status: 422,
    title: 'The message can reach nobody',
    next: 'Give another channel or address; `reachability` of the customer says what there is.',
  },
  idempotency_key_used: {
    status: 422,
    title: 'Something else was asked under this Idempotency-Key',
    next: 'Send the call as it was the first time, or take a new key for a new message.',
  },
  too_many_wrong_keys: {
    status: 429,
    title: 'Too many wrong API keys from this address',
    next: 'Wait as long as `Retry-After` says, then use a valid key.',
  },
  internal: {
    status: 500,
    title: 'Something broke here',
    next: 'Try again; if it stays, look for the request id (`instance`) in the logs.',
  },
  order_not_yet_known: {
    status: 503,
    title: 'The order of this refund is not known yet',
    next: 'Send it again in a minute: the order may come in by then.',
  },
  message_not_yet_known: {
    status: 503,
    title: 'The message that this is about is being sent right now, and its id is not known yet',
    next: 'Send it again in half a minute.',
  },
  overloaded: { status: 503, title: 'Too many events wait to be stored', next: 'Send the same again in a moment.' },
  not_stored: {
    status: 503,
    title: 'The events could not be stored just now',
    next: 'Send the same again in a moment.',
  },
  queue_unavailable: {
    status: 503,
    title: 'The queue of the item does not answer',
    next: 'Send the same again in a moment: nobody gets two places. `/readyz` says whether Temporal is away.',
  },
  telegram_unreachable: {
    status: 503,
    title: 'Telegram does not answer, or does not know the bot',
    next: 'Try again in a moment; if it stays, check VESTNIK_TELEGRAM_TOKEN.',
  },
  push_unavailable: {
    status: 503,
    title: 'Web push has no keys here',
    next: 'Look into the log of the gateway: it says at its start what to do about them.',
  },
  unavailable: {
    status: 503,
    title: 'The database cannot be reached',
    next: 'Try again in a few seconds; `/readyz` says which part is missing.',
  },
} as const satisfies Record<string, { status: number; title: string; next: string }>;

export type ProblemCode = keyof typeof problems;

/** What is wrong with one value. */
export interface FieldError {
  /** Dotted path in the body (`branches.cart.idle`), or the name of a parameter. */
  field: string;
  /** JSON pointer (RFC 6901), where the value is in the body. */
  pointer?: string;
  message: string;
}

interface Extras {
  detail?: string;
  errors?: FieldError[];
  headers?: Record<string, string>;
}

/** Thrown by a handler; the error handler of the app answers it as problem+json. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly extras: Extras;

  constructor(code: ProblemCode, extras: Extras = {}) {
    super(extras.detail ?? problems[code].title);
    this.name = 'Problem';
    this.code = code;
    this.extras = extras;
  }

  get status(): number {
    return problems[this.code].status;
  }
}

/** RFC 9457. `type` is where the documentation of the code stands; `instance` is the request's id. */
export function problemBody({ code, extras }: Problem, requestId: string) {
  const { status, title, next } = problems[code];
  return {
    type: `/docs/errors#${code}`,
    title,
    status,
    detail: extras.detail === undefined ? next : `${extras.detail} ${next}`,
    instance: `urn:request:${requestId}`,
    code,
    ...(extras.errors && { errors: extras.errors }),
  };
}
