import type { Trx } from '#db/connect.ts';
import { noteEmpty, type PromoRead, type RunCode, readPromo, takeCode } from '#db/promo-codes.ts';
import { profileOfKey } from '#domain/occasions.ts';
import { expiryOf, type GivenCode, reminderObjection, sizeFor } from '#domain/promo.ts';
import type { UntrueReason } from '#domain/reasons.ts';
import type { MessageModel } from '#rendering/model.ts';
import type { Candidate, Content } from './mind.ts';
import type { Deciding } from './moves.ts';
import { flagsOf } from './shared.ts';

type Composed = Content | { untrue: UntrueReason };

/** What a message speaks of. One that reminds of a code speaks of that which this run gave, while it is alive. */
export async function contentOf(trx: Trx, deciding: Deciding, candidate: Candidate): Promise<Composed> {
  const { deps, mind, situation } = deciding;
  const { promo, promoOptional } = flagsOf(mind, candidate.message);
  if (promo === undefined || (promoOptional && !candidate.promo)) return mind.compose(trx, situation, candidate, deps);
  if (!candidate.promo) return { untrue: 'no_promo' };
  const content = await mind.compose(trx, situation, candidate, deps);
  if (promo === 'gives' || 'untrue' in content) return content;
  const { given } = await read(trx, deciding, candidate.promo.pool);
  const [code] = given;
  const objection = reminderObjection(code, situation.now);
  if (code !== undefined && objection === null) return { ...content, promo: shown(code) };
  return promoOptional ? content : { untrue: objection ?? 'no_promo_given' };
}

/** The content of a message that is about to go, with the code that it gives. Issued now, and not before: a message that is not
 *  sent takes none. The same run and step gets the same code. */
export async function withCode(
  trx: Trx,
  deciding: Deciding,
  candidate: Candidate,
  content: Content,
): Promise<Composed> {
  const { promo } = flagsOf(deciding.mind, candidate.message);
  if (promo !== 'gives' || !candidate.promo) return content;
  const found = await read(trx, deciding, candidate.promo.pool);
  const before = found.given.find((code) => isOf(code, deciding, candidate));
  const code = before ?? (await issue(trx, deciding, candidate, found));
  return 'untrue' in code ? code : { ...content, promo: shown(code) };
}

function read(trx: Trx, { request, facts, deps }: Deciding, pool: string): Promise<PromoRead> {
  return readPromo(trx, pool, facts.customer.id, request.runId).then((found) => {
    if (found.pool === null)
      deps.log.warn({ pool, journey: request.journey }, 'no such pool of promo codes: make it, or name another');
    // What is said to a company is for a company, whoever its login is.
    const kind = profileOfKey(request.key) === 'corporate' ? 'b2b' : found.subject.kind;
    return { ...found, subject: { ...found.subject, kind } };
  });
}

function isOf({ runId, block, iteration }: RunCode, { request }: Deciding, candidate: Candidate): boolean {
  return runId === request.runId && block === candidate.block && iteration === candidate.iteration;
}

async function issue(
  trx: Trx,
  { deps, facts, request, now }: Deciding,
  { block, iteration }: Candidate,
  { pool, subject }: PromoRead,
): Promise<GivenCode | { untrue: UntrueReason }> {
  if (pool === null) return { untrue: 'no_promo_pool' };
  const size = sizeFor(pool.sizes, subject);
  if (size === null) return { untrue: 'no_promo_size' };
  if (expiryOf(pool.expiry, now.getTime()) <= now.getTime()) return { untrue: 'promo_expired' };
  const taking = { customerId: facts.customer.id, runId: request.runId, block, iteration, at: now };
  const code = await takeCode(trx, pool, size, taking);
  if (code !== null) return code;
  if (await noteEmpty(trx, pool.id, now))
    deps.log.warn(
      { pool: pool.name, size: size.name, journey: request.journey },
      'a pool of promo codes is empty: messages with a code are not sent',
    );
  return { untrue: 'promo_empty' };
}

function shown({ code, worth, expires }: GivenCode): NonNullable<MessageModel['promo']> {
  const { percent = null, amount = null } = worth;
  return { code, percent, amount, expires: new Date(expires).toISOString() };
}
