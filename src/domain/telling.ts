import type { ChannelName } from './journey.ts';

/** One message of a run that has many customers, on one channel: what its workflow asks for. Nothing here is personal. */
export interface TellRequest {
  runId: string;
  journey: string;
  customerId: string;
  key: string;
  block: string;
  iteration: number;
  message: string;
  channel: ChannelName;
  /** Business epoch ms: `validForMs` runs from it. */
  due: number;
  validForMs: number;
  /** What the journey knows it by. */
  ref: string;
}

/**
 * `told`: the channel took it, or may have taken it. `deferred`: to be asked again at `until`. `failed`: it will not go.
 * `next`: when what follows from it is due; business epoch ms, as `until`. `story`: a line of markdown for Temporal UI.
 */
export type TellAnswer =
  | { result: 'told'; next: number | null; story: string }
  | { result: 'deferred'; until: number; story: string }
  | { result: 'failed'; reason: string; story: string };
