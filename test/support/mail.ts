import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterAll } from 'vitest';
import type { Inbox } from '#inbox/inbox.ts';

export interface Mail {
  id: string;
  /** What it was meant for; `to` is then a phone, a chat or a device. */
  channel: string;
  to: string;
  subject: string;
  html: string;
  text: string;
  headers: Record<string, string>;
}

/** Reads an inbox by its public route: messages to an address (or phone, chat, device), oldest first. */
export async function mailTo(inbox: Inbox): Promise<(to: string) => Promise<Mail[]>> {
  const server = express().use(inbox.router).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  afterAll(() => void server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return async (to) => {
    const answer = await fetch(`${base}/dev/inbox.json?to=${encodeURIComponent(to)}`);
    const { items } = (await answer.json()) as { items: Mail[] };
    return items.toReversed();
  };
}
