import { connect, type Socket } from 'node:net';
import { messageToken } from '#rendering/tokens.ts';

/** The load generator, a process of its own: keep-alive connections on bare sockets, each sending its next request when the
 *  last is answered. All requests are made beforehand. */

interface Job {
  host: string;
  port: number;
  secret: string;
  messages: string[];
  /** Share of clicks among the visits. */
  clicks: number;
  concurrency: number;
  warmUp: number;
  requests: number;
}

const job: Job = await new Promise((resolve) => {
  const parts: Buffer[] = [];
  process.stdin
    .on('data', (part) => parts.push(part))
    .on('end', () => resolve(JSON.parse(Buffer.concat(parts).toString())));
});
const requests = Array.from({ length: job.warmUp + job.requests }, requestBytes);
let next = 0;
let answered = 0;
let failed = 0;
let startedAt = 0;

/** Everybody visits once, as after a mailing: who follows several links at once is no person. */
function requestBytes(_: unknown, place: number): Buffer {
  const id = job.messages[place % job.messages.length] ?? '';
  const isClick = Math.random() < job.clicks;
  const path = isClick
    ? `/t/c/${messageToken(job.secret, id, 'c', Math.floor(Math.random() * 3))}`
    : `/t/o/${messageToken(job.secret, id, 'o')}.gif`;
  const head = [
    `GET ${path} HTTP/1.1`,
    `Host: ${job.host}:${job.port}`,
    'User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    'Accept: image/avif,image/webp,*/*;q=0.8',
    'Accept-Language: ru',
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n`);
}

function send(socket: Socket): void {
  const request = requests[next++];
  if (request === undefined) socket.end();
  else socket.write(request);
}

/** Answers are small and come whole: one read is one answer. */
function onAnswer(socket: Socket, chunk: Buffer): void {
  if (!['200', '302'].includes(chunk.subarray(9, 12).toString())) failed++;
  answered++;
  if (answered === job.warmUp) startedAt = performance.now();
  if (answered === requests.length) report();
  send(socket);
}

function report(): void {
  const seconds = (performance.now() - startedAt) / 1000;
  process.stdout.write(`${JSON.stringify({ perSecond: job.requests / seconds, failed })}\n`);
}

for (let index = 0; index < job.concurrency; index++) {
  const socket = connect(job.port, job.host, () => send(socket));
  socket.setNoDelay(true);
  socket.on('data', (chunk) => onAnswer(socket, chunk));
}
