import { condition, defineSignal, proxySinks, type Sinks, setHandler } from '@temporalio/workflow';
import type { Entry, Notice } from '#domain/journey.ts';

export interface Heard extends Sinks {
  bench: { heard(customerId: string): void };
}

const { bench } = proxySinks<Heard>();

/** Stands in for the journey and says when it has its signal. */
export async function abandonment({ customerId }: Entry): Promise<void> {
  setHandler(defineSignal<[Notice]>('start'), () => bench.heard(customerId));
  await condition(() => false);
}
