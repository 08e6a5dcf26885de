import { hash } from 'node:crypto';
import { InlineKeyboard } from 'grammy/web';
import type { Awaited } from '#db/queue/awaited.ts';
import { shorten } from '#rendering/helpers.ts';
import type { Words } from './words.ts';

/** A button carries 64 bytes, an item's id may be longer: it is known again by a part of its hash. */
export interface QueueButton {
  what: 'join' | 'leave';
  isOf(item: string): boolean;
}

const mark = (item: string) => hash('sha256', item).slice(0, 24);

/** Null for what is no button of ours. */
export function readQueueButton(data: string): QueueButton | null {
  const [, what, marked] = /^queue:(join|leave):([0-9a-f]{24})$/.exec(data) ?? [];
  if ((what !== 'join' && what !== 'leave') || marked === undefined) return null;
  return { what, isOf: (item) => mark(item) === marked };
}

const longestLabel = 40;

/** One below the other: what they leave or join is named. */
export function queueButtons(
  what: QueueButton['what'],
  items: readonly Awaited[],
  words: Pick<Words, 'join' | 'leave'>,
): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  for (const { item, name } of items)
    keyboard.text(words[what](shorten(name ?? item, longestLabel)), `queue:${what}:${mark(item)}`).row();
  return keyboard;
}
