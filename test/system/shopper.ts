import { setTimeout as sleep } from 'node:timers/promises';

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Sends events as Segment's clients do: the same event, by its message id, again and again until it is answered. */
export class ShopClient {
  /** Message ids of all that was sent, and of what was answered by 2xx. */
  readonly sent = new Set<string>();
  readonly answered = new Set<string>();
  /** Answers that Segment's clients would give up at. */
  readonly refused: string[] = [];
  /** Tries that failed and were repeated. */
  repeats = 0;
  readonly #url: string;
  readonly #authorization: string;

  constructor(url: string, writeKey: string) {
    this.#url = url;
    this.#authorization = `Basic ${btoa(`${writeKey}:`)}`;
  }

  /** Resolves when it is answered. */
  async call(type: 'identify' | 'track', messageId: string, body: object): Promise<void> {
    this.sent.add(messageId);
    const text = JSON.stringify({ messageId, timestamp: new Date().toISOString(), ...body });
    const headers = { authorization: this.#authorization, 'content-type': 'application/json' };
    const answer = await this.untilAnswered(`${this.#url}/v1/${type}`, { method: 'POST', headers, body: text });
    if (answer.ok) this.answered.add(messageId);
    else this.refused.push(`${answer.status} ${await answer.text()}`);
  }

  /** Repeats what is not answered, or answered by 5xx, less and less often. Rejects after five minutes of that. */
  async untilAnswered(url: string, request: RequestInit): Promise<Response> {
    const end = Date.now() + 300_000;
    for (let attempt = 0; ; attempt++) {
      const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(10_000) }).catch(() => null);
      if (answer !== null && answer.status < 500) return answer;
      if (Date.now() > end) throw new Error(`${url} was not answered: ${answer?.status ?? 'nobody is there'}`);
      this.repeats += 1;
      await sleep(Math.min(1_000, 50 * 2 ** attempt));
    }
  }
}
