import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { idsOf, startTraced } from '../test/trace/support.ts';
import { eventually } from '../testkit/eventually.ts';
import { type ReceivedSpan, startOtlpReceiver } from '../testkit/otlp-receiver.ts';
import type { Cleanup } from '../testkit/receiver.ts';

/** Has a real receiver accept an event whose forward fails twice. @returns the spans of its trace */
export async function recordTrace(t: Cleanup): Promise<readonly ReceivedSpan[]> {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    response.writeHead(requests < 3 ? 503 : 200).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const collector = await startOtlpReceiver(t);
  const receiver = await startTraced(t, collector, { destinations: { crm: { url } } });
  const id = await receiver.accept('1');
  await eventually('the event is completed', async () => {
    const answer = await receiver.admin('GET', `/admin/webhooks/${id}`);
    return ((await answer.json()) as { status: string }).status === 'completed';
  });
  await receiver.stop();
  const { traceId } = idsOf(id);
  return collector.spans.filter((span) => span.traceId === traceId);
}
