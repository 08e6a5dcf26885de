import { connect, type Socket } from 'node:net';
import { makeCall } from './events.ts';

/** The load generator, a process of its own: keep-alive connections on bare sockets, each sending its next request when
 *  the last is answered. All requests are made beforehand, so that little of the machine goes to making them. */

interface Job {
  host: string;
  port: number;
  authorization: string;
  concurrency: number;
  /** Calls a request; 1 sends each to its own route. */
  batch: number;
  warmUp: number;
  requests: number;
  customers: number;
  products: number;
}

const job: Job = JSON.parse(process.argv[2] ?? '');
const requests = Array.from({ length: job.warmUp + job.requests }, requestBytes);
let next = 0;
let answered = 0;
let failed = 0;
let startedAt = 0;

function requestBytes(): Buffer {
  const calls = Array.from({ length: job.batch }, () => makeCall(job));
  const [first] = calls;
  const path = job.batch === 1 ? `/v1/${first?.type}` : '/v1/batch';
  const body = JSON.stringify(job.batch === 1 ? first : { batch: calls, sentAt: new Date() });
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: ${job.host}:${job.port}`,
    `Authorization: ${job.authorization}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function send(socket: Socket): void {
  const request = requests[next++];
  if (request === undefined) socket.end();
  else socket.write(request);
}

/** Answers are small and come whole: one read is one answer. */
function onAnswer(socket: Socket, chunk: Buffer): void {
  if (chunk.subarray(9, 12).toString() !== '200') failed++;
  answered++;
  if (answered === job.warmUp) startedAt = performance.now();
  if (answered === requests.length) report();
  send(socket);
}

function report(): void {
  const seconds = (performance.now() - startedAt) / 1000;
  process.stdout.write(`${JSON.stringify({ perSecond: (job.requests * job.batch) / seconds, failed })}\n`);
}

for (let index = 0; index < job.concurrency; index++) {
  const socket = connect(job.port, job.host, () => send(socket));
  socket.setNoDelay(true);
  socket.on('data', (chunk) => onAnswer(socket, chunk));
}
