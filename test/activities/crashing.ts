import { deliver } from '#activities/deliver.ts';
import type { CrashPoint } from '#activities/deps.ts';
import { createEmailChannel } from '#channels/email/channel.ts';
import { connect, createPool } from '#db/connect.ts';
import type { DeliverRequest } from '#domain/journey.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { manualClock } from '#test/support/cart.ts';

/** A worker that is killed when it comes to `point`: `node crashing.ts '<json>'`. */
export interface Crash {
  point: CrashPoint;
  request: DeliverRequest;
  databaseUrl: string;
  smtpUrl: string;
  at: number;
}

const { point, request, databaseUrl, smtpUrl, at }: Crash = JSON.parse(process.argv[2] ?? '{}');
await deliver(
  {
    db: connect(createPool(databaseUrl)),
    clock: manualClock(new Date(at)),
    channels: { email: await createEmailChannel(smtpUrl) },
    renderer: await createRenderer(),
    publicUrl: 'https://shop.example/vestnik',
    secret: 'a secret of the tests, long enough to sign links with',
    log: { info() {}, warn() {} },
    reached: (reached) => {
      if (reached === point) process.kill(process.pid, 'SIGKILL');
    },
  },
  request,
);
