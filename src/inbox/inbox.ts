import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import type { Router } from 'express';
import { SMTPServer } from 'smtp-server';
import { inboxRouter } from './router.ts';
import { Store } from './store.ts';

export interface Inbox {
  /** `smtp://127.0.0.1:port`, for the e-mail channel. */
  smtpUrl: string;
  /** Serves `/dev/inbox`, `/dev/inbox.json` and what is below them; mount it at the root. */
  router: Router;
  close(): Promise<void>;
}

export interface InboxOptions {
  /** Where messages are kept, one `.eml` file each; made if it is not there. */
  dir: string;
  /** 0: any free port. */
  smtpPort: number;
  /** Older messages than the newest so many are forgotten. */
  most?: number;
}

/** An SMTP server that delivers nothing and shows everything: for development machines only. */
export async function createInbox({ dir, smtpPort, most = 5000 }: InboxOptions): Promise<Inbox> {
  const store = new Store(dir, most);
  const server = smtpServer(store);
  await listening(server, smtpPort);
  const address = server.server.address();
  const port = typeof address === 'object' && address ? address.port : smtpPort;
  return {
    smtpUrl: `smtp://127.0.0.1:${port}`,
    router: inboxRouter(store),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

function smtpServer(store: Store): SMTPServer {
  return new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 1000,
    onData(stream, session, done) {
      const { mailFrom, rcptTo } = session.envelope;
      const envelope = { from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address) };
      buffer(stream)
        .then((content) => store.add(content, envelope))
        .then((id) => done(null, `OK: queued as ${id}`), done);
    },
  });
}

async function listening(server: SMTPServer, port: number): Promise<void> {
  server.on('error', () => {}); // a client that hangs up is its own business
  server.listen(port, '127.0.0.1');
  try {
    await once(server.server, 'listening');
  } catch (cause) {
    throw new Error(`the development inbox cannot listen on port ${port}: stop what uses it, or choose another`, {
      cause,
    });
  }
}
