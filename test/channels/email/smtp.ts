import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

type Stage = 'MAIL' | 'RCPT' | 'DATA' | 'AUTH';

/** What goes wrong on the line between the client and the server, which itself is well.
 *  `drop-before-content`: hangs up instead of asking for the content. `drop-reply`: the server takes the message, the
 *  client never hears so. `stall-reply`: neither an answer nor an end. `stall-recipient`: silence after RCPT. */
type Fault = 'drop-before-content' | 'drop-reply' | 'stall-reply' | 'stall-recipient';

export interface Plan {
  /** An answer such as `550 5.1.1 no such user` instead of a good one. */
  answers?: Partial<Record<Stage, string>>;
  fault?: Fault;
  auth?: boolean;
}

export interface Received {
  raw: string;
  email: Email;
}

export interface FaultyServer {
  port: number;
  received: Received[];
  /** May be changed at any time. */
  plan: Plan;
  connections: number;
  hangUp(): void;
  close(): Promise<void>;
}

function refusal(answer: string): Error {
  return Object.assign(new Error(answer.slice(4)), { responseCode: Number(answer.slice(0, 3)) });
}

/** A real SMTP server behind a line that can fail. */
export async function faultyServer(plan: Plan = {}): Promise<FaultyServer> {
  const sockets = new Set<Socket>();
  const received: Received[] = [];
  const state: FaultyServer = { port: 0, received, plan, connections: 0, hangUp, close };
  const smtp = new SMTPServer(serverOptions(state));
  smtp.on('error', () => {});
  smtp.listen(0, '127.0.0.1');
  await once(smtp.server, 'listening');
  const inner = (smtp.server.address() as AddressInfo).port;
  const line = createServer((client) => {
    state.connections += 1;
    const server = dial(inner, '127.0.0.1');
    for (const socket of [client, server]) {
      sockets.add(socket.setNoDelay());
      socket.on('error', () => {}).on('close', () => [client, server].map((one) => one.destroy()));
    }
    wire(state, client, server);
  });
  line.listen(0, '127.0.0.1');
  await once(line, 'listening');
  state.port = (line.address() as AddressInfo).port;

  function hangUp(): void {
    for (const socket of sockets) socket.destroy();
  }
  async function close(): Promise<void> {
    hangUp();
    await Promise.all([new Promise((done) => line.close(done)), new Promise<void>((done) => smtp.close(done))]);
  }
  return state;
}

function wire(state: FaultyServer, client: Socket, server: Socket): void {
  client.on('data', (chunk) => {
    const text = chunk.toString('latin1');
    if (state.plan.fault === 'drop-before-content' && /^DATA\r\n/m.test(text)) return void client.destroy();
    if (state.plan.fault === 'stall-recipient' && /^RCPT/m.test(text)) return;
    server.write(chunk);
  });
  server.on('data', (chunk) => {
    const taken = chunk.toString('latin1').includes('queued as');
    if (taken && state.plan.fault === 'drop-reply') return void client.destroy();
    if (taken && state.plan.fault === 'stall-reply') return;
    client.write(chunk);
  });
}

function serverOptions(state: FaultyServer): SMTPServerOptions {
  const answer = (stage: Stage) => {
    const text = state.plan.answers?.[stage];
    return text ? refusal(text) : null;
  };
  return {
    disabledCommands: state.plan.auth ? ['STARTTLS'] : ['STARTTLS', 'AUTH'],
    authOptional: !state.plan.auth,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 100,
    onAuth: ({ username }, _session, done) => done(answer('AUTH'), { user: username ?? '' }),
    onMailFrom: (_address, _session, done) => done(answer('MAIL')),
    onRcptTo: (_address, _session, done) => done(answer('RCPT')),
    onData: (stream, _session, done) => {
      buffer(stream).then(async (content) => {
        const refused = answer('DATA');
        if (refused) return done(refused);
        state.received.push({ raw: content.toString('latin1'), email: await PostalMime.parse(content) });
        done(null, `2.0.0 OK: queued as Q${state.received.length}`);
      }, done);
    },
  };
}
