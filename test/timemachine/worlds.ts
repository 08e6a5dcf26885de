import { randomUUID } from 'node:crypto';
import { setTimeout as wall } from 'node:timers/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, expect } from 'vitest';
import { createKey } from '#db/keys.ts';
import type { OutboxRow } from '#db/outbox.ts';
import { saveSettings } from '#db/settings.ts';
import { type Clock, wallDuration } from '#domain/clock.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { type TestGateway, testGateway } from '#test/api/support.ts';
import { freshDatabase, type TestDatabase } from '#test/support/database.ts';
import { secret } from '#test/support/journeys.ts';
import { startSystem } from '#test/support/system.ts';
import { createTimeMachine } from '#timemachine/machine.ts';
import { activitiesWith, shop as plainShop, recording } from './support.ts';

/** The whole system from HTTP to what is sent, on whatever makes time pass. */
export interface World extends Pick<TestDatabase, 'db'> {
  clock: Clock;
  /** The open API; signals that it causes have been sent when this is over. */
  call: TestGateway['call'];
  /** An event over Segment's API; signals that it causes have been sent when this is over. */
  send(call: string, body: object): Promise<void>;
  /** What a mail program or a browser asks for. */
  visit(path: string, init?: RequestInit): Promise<void>;
  /** Signals that something else than an event has put down. */
  relay(put: () => Promise<OutboxRow[]>): Promise<void>;
  /** Lets time pass until that instant, business epoch ms. On a server an instant of its own: what it drifts does not add up. */
  until(instant: number): Promise<void>;
}

export async function machineWorld(shop: Partial<ShopSettings>, start: Date, maxCached?: number): Promise<World> {
  const database = await freshDatabase();
  const settings = { ...plainShop, ...shop };
  await saveSettings(database.db, 'shop', settings, 'test', start);
  const cached = maxCached === undefined ? {} : { maxCached };
  const options = { ...database, start, seed: 'conformance', shop: () => settings, ...cached };
  const machine = await createTimeMachine({ ...options, activities: activitiesWith(recording()) });
  afterAll(() => machine.close());
  const { clock, intake, relay, onOutbox } = machine;
  const source = await createKey(database.db, 'sources', 'tests', start);
  const gateway = await testGateway(database, {
    clock,
    intake,
    relay: { push: onOutbox, backlog: () => relay.backlog() },
    secret,
  });
  const authorization = `Basic ${Buffer.from(`${source?.key}:`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  return {
    db: database.db,
    clock,
    async call(...request) {
      const answer = await gateway.call(...request);
      await machine.sleep(atOnceMs);
      return answer;
    },
    async send(call, body) {
      const text = JSON.stringify({ messageId: randomUUID(), ...body });
      const answer = await gateway.request(`/v1/${call}`, { method: 'POST', headers, body: text });
      expect(answer.status, answer.text).toBe(200);
      await machine.sleep(atOnceMs);
    },
    async visit(path, init) {
      await gateway.request(path, { redirect: 'manual', ...init });
      await machine.sleep(0);
    },
    async relay(put) {
      onOutbox(await put());
      await machine.sleep(5);
    },
    until: (instant) => machine.runUntil(new Date(instant)),
  };
}

/** In which signals reach those they are for. */
const atOnceMs = 5;

/** A server whose clock jumps, or one with real time that is scaled. */
export async function serverWorld(
  environment: TestWorkflowEnvironment,
  shop: Partial<ShopSettings>,
  clock?: Clock,
): Promise<World> {
  const channels = recording();
  const system = await startSystem(environment, { shop, activities: { channels }, ...(clock && { clock }) });
  return {
    db: system.db,
    clock: system.clock,
    async call(...request) {
      await system.refresh();
      const answer = await system.call(...request);
      await system.relayed();
      return answer;
    },
    send: system.send,
    async visit(path, init) {
      await system.refresh();
      await system.request(path, { redirect: 'manual', ...init });
      await system.relayed();
    },
    async relay(put) {
      await system.refresh();
      await system.relay.push(await put());
    },
    async until(instant) {
      await system.refresh();
      const ms = instant - system.clock.now().getTime();
      if (ms <= 0) return;
      if (environment.supportsTimeSkipping) await environment.sleep(ms);
      else await wall(wallDuration(ms, system.clock.time));
    },
  };
}
