import type { Notification } from '#domain/content.ts';

/** What the service worker (`src/site/worker.js`) reads. `tag`: a message that comes twice is shown once. */
export interface Payload {
  title: string;
  body: string;
  url: string;
  image: string | null;
  tag: string;
}

/** Push services take 4,096 bytes (RFC 8030, 7.2); encryption adds a header of 86, a tag of 16 and a delimiter (RFC 8188). */
export const longestPayload = 4096 - 86 - 16 - 1;

/** Nobody's screen shows more of a title. Characters. */
const longestTitle = 150;

/** The notification as JSON of at most `longestPayload` bytes: the body is cut, then the image left out. Null where it is too
 *  large even so. */
export function payloadOf(id: string, { title, body, url, imageUrl }: Notification): string | null {
  const whole: Payload = { title: cut(title, longestTitle), body, url, image: imageUrl, tag: id };
  for (const payload of [whole, { ...whole, image: null }]) {
    const room = longestPayload - bytes({ ...payload, body: '' });
    if (room >= 0) return JSON.stringify({ ...payload, body: cutToBytes(body, room) });
  }
  return null;
}

function bytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function cut(text: string, most: number): string {
  const signs = Array.from(text);
  return signs.length <= most
    ? text
    : `${signs
        .slice(0, most - 1)
        .join('')
        .trimEnd()}…`;
}

/** As much of a text as takes `room` bytes inside a JSON string, with `…` where something is missing. */
function cutToBytes(text: string, room: number): string {
  const inside = (part: string) => bytes(part) - 2;
  if (inside(text) <= room) return text;
  let left = room - inside('…');
  let kept = '';
  for (const sign of text) {
    left -= inside(sign);
    if (left < 0) break;
    kept += sign;
  }
  return room < inside('…') ? '' : `${kept.trimEnd()}…`;
}
