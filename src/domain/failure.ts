/** A failure that a person can mend: `message` is one sentence saying what is wrong and what to do. Shown without a stack. */
export class Failure extends Error {
  override name = 'Failure';
}
