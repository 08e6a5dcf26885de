import { z } from 'zod';
import { Problem } from '#api/problems.ts';
import { type ConflictView, type Decided, decideConflict, listConflicts } from '#db/conflicts.ts';
import { decodeCursor, idCursor, page } from './cursor.ts';
import { params, tag } from './customers.ts';
import { route } from './route.ts';
import { paging } from './schemas/common.ts';
import { conflictList, conflictView, verdict } from './schemas/conflicts.ts';

const list = route({
  method: 'get',
  path: '/conflicts',
  tag,
  summary: 'Identities that two customers claim and that only a person can decide about, newest first',
  description:
    'Two customers are joined by themselves only when one has no user id and not both have orders. Anything else stands here, ' +
    'and nothing is moved until somebody decides.',
  query: z.strictObject({
    ...paging,
    state: z.enum(['open', 'decided', 'all']).default('open'),
    customerId: z.uuid().optional(),
  }),
  answer: conflictList,
  problems: ['invalid_cursor'],
  async handle({ query: { limit, cursor, state, customerId }, deps }) {
    const before = decodeCursor(cursor, idCursor)?.[0] ?? null;
    const filter = {
      ...(state !== 'all' && { isOpen: state === 'open' }),
      ...(customerId !== undefined && { customerId }),
    };
    return page(await listConflicts(deps.db, filter, before, limit + 1), limit, (row) => [row.id]);
  },
});

const decide = route({
  method: 'post',
  path: '/conflicts/{id}/decision',
  tag,
  summary: 'Decides a conflict: the two are one customer, or they are not',
  description:
    '`merge`: all that the one has and did is the other’s from now on, as where customers join by themselves; it cannot be taken back. ' +
    '`keep_apart`: the identity stays where it is, and it is not asked again. Said again it is the same.',
  params,
  body: verdict,
  example: { decision: 'merge' },
  answer: conflictView,
  problems: ['conflict_not_found', 'conflict_decided'],
  async handle({ params, body, caller, deps }) {
    const at = deps.clock.now();
    const decided = await decideConflict(deps.pool, params.id, body, { at, by: caller.name });
    if (decided.result === 'decided') void deps.relay.push(decided.rows);
    const [conflict] = await listConflicts(deps.db, { id: params.id }, null, 1);
    if (conflict === undefined) throw new Problem('conflict_not_found');
    if (!isAsSaid(decided.result, conflict, body.decision))
      throw notDecided[decided.result as keyof typeof notDecided]();
    return conflict;
  },
});

/** Whoever repeats a decision gets the same answer. */
function isAsSaid(result: Decided['result'], { decision }: ConflictView, said: 'merge' | 'keep_apart'): boolean {
  if (result === 'decided') return true;
  return result === 'decided_before' && decision === (said === 'merge' ? 'merged' : 'kept_apart');
}

const notDecided = {
  not_found: () => new Problem('conflict_not_found'),
  decided_before: () => new Problem('conflict_decided'),
  not_of_it: () => {
    const message = 'must be the holder or the claimant of the conflict';
    return new Problem('invalid_request', {
      detail: `into: ${message}.`,
      errors: [{ field: 'into', pointer: '/into', message }],
    });
  },
};

export const conflictRoutes = [list, decide];
