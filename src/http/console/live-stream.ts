import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Sessions } from './enter.ts';
import type { LiveFeed } from './live-numbers.ts';

/** Streams at once; whoever comes beyond sees pages that do not change by themselves. */
const STREAMS_MAX = 200;
/** How often the numbers are told though nothing has changed, in readings: so a page knows that they are right. */
const REPEAT_READINGS = 5;
/** How soon a browser comes back after its connection is lost. */
const RETRY_MS = 2_000;

/** `GET /console/live`: server-sent events with the numbers that change, for as long as the session lasts. */
export function registerLiveStream(console: FastifyInstance, feed: LiveFeed, sessions: Sessions): void {
  const streams = new Set<() => void>();
  console.addHook('preClose', async () => {
    for (const end of streams) end();
  });
  console.get('/console/live', { exposeHeadRoute: false }, (request, reply) => {
    if (sessions.holderOf(request) === null) return reply.code(401).type('text/plain').send('Log in.');
    if (streams.size >= STREAMS_MAX) return reply.code(204).send();
    const end = startStream(request, reply, feed, sessions);
    streams.add(end);
    reply.raw.once('close', () => streams.delete(end));
    return reply;
  });
}

function startStream(
  request: FastifyRequest,
  reply: FastifyReply,
  feed: LiveFeed,
  sessions: Sessions,
): () => void {
  reply.hijack();
  const { raw } = reply;
  for (const [name, value] of Object.entries(reply.getHeaders())) raw.setHeader(name, value!);
  raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
  raw.write(`retry: ${RETRY_MS}\n\n`);
  const tell = createTeller((text) => raw.write(text));
  const stop = feed.watch(({ at }, text) => {
    // A client that does not read gets no more until it does; one whose session is over gets none.
    if (sessions.holderOf(request) === null) raw.end();
    else if (!raw.writableNeedDrain) tell(at, text);
  });
  raw.once('close', stop);
  return () => raw.end();
}

/** Writes what has changed, and from time to time what has not. */
function createTeller(write: (text: string) => void): (at: number, text: string) => void {
  let last = '';
  let quiet = 0;
  return (at, text) => {
    quiet = text === last ? quiet + 1 : 0;
    if (quiet % REPEAT_READINGS !== 0) return;
    last = text;
    write(`data: {"at":${at},${text.slice(1)}\n\n`);
  };
}
