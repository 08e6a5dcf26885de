import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import { told } from '#domain/told.ts';

/** What an activity fails with stands in Temporal's history for weeks, message, stack and causes. Ours are written for
 *  that; of any other only what `told` lets through. It is tried again as before. */
export async function failingSafely<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof ApplicationFailure || error instanceof CancelledFailure) throw error;
    const { name, message, stack } = told(error);
    const failure = ApplicationFailure.create({ type: name, message });
    throw stack === undefined ? failure : Object.assign(failure, { stack });
  }
}
