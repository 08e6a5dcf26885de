import type { ReceivedMessage } from '#simulator/calls.ts';
import { codeIn } from './code.ts';
import type { Http } from './http.ts';

/** A message of the development inbox, with the ways in which its reader may answer. Paths of the gateway. */
export interface Letter {
  message: ReceivedMessage;
  pixel: string | null;
  links: string[];
  unsubscribe: string | null;
}

export interface Inbox {
  /** What came since it was asked last, oldest first; the first time nothing: it was there before. */
  fresh(): Promise<Letter[]>;
}

interface Item {
  id: string;
  channel: string;
  to: string;
  receivedAt: string;
  headers: Record<string, string>;
  html?: string;
  text?: string;
}

/** The inbox shows at most so many at once. */
const most = 1000;

/** `businessTime` of an instant on the wall, ISO 8601: that is what the inbox tells. */
export async function openInbox(http: Http, businessTime: (wall: string) => Date): Promise<Inbox> {
  let seen = await newestIds();

  async function newestIds(): Promise<string[]> {
    const answer = await http.send(`/dev/inbox.json?bodies=no&limit=${most}`);
    if (!answer.ok) return [];
    const { items } = (await answer.json()) as { items: { id: string }[] };
    return items.map(({ id }) => id);
  }

  return {
    async fresh() {
      const ids = await newestIds();
      const known = new Set(seen);
      seen = ids;
      const items = await Promise.all(ids.filter((id) => !known.has(id)).map((id) => itemOf(http, id)));
      return items
        .flatMap((item) => (item === null ? [] : [letterOf(item, businessTime)]))
        .filter(({ message }) => message.id !== '')
        .reverse();
    },
  };
}

async function itemOf(http: Http, id: string): Promise<Item | null> {
  const answer = await http.send(`/dev/inbox/${id}/item.json`);
  return answer.ok ? ((await answer.json()) as Item) : null;
}

function letterOf(item: Item, businessTime: (wall: string) => Date): Letter {
  const { channel, to, receivedAt, headers, html = '', text = '' } = item;
  const body = `${html} ${text}`;
  const paths = (pattern: RegExp) => [...new Set([...body.matchAll(pattern)].map(([, path = '']) => path))];
  const template = headers['x-vestnik-template'] ?? '';
  return {
    message: {
      id: headers['x-vestnik-message'] ?? '',
      channel,
      to,
      at: businessTime(receivedAt),
      isBulk: template.startsWith('campaign/'),
      code: codeIn(text || html),
    },
    pixel: paths(/https?:\/\/[^\s"'<>]+?(\/t\/o\/[\w-]+\.gif)/g)[0] ?? null,
    links: paths(/https?:\/\/[^\s"'<>]+?(\/t\/c\/[\w-]+)/g),
    unsubscribe: /(\/u\/[\w-]+)/.exec(headers['list-unsubscribe'] ?? '')?.[1] ?? null,
  };
}
