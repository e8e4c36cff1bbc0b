import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeMetrics, decodeTraces, plain, type RawMetric, type RawSpan } from './otlp-messages.ts';
import type { Cleanup } from './receiver.ts';

export type ReceivedSpan = Readonly<{
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: string;
  startNs: bigint;
  endNs: bigint;
  attributes: Readonly<Record<string, string | number | boolean>>;
  links: readonly Readonly<{ traceId: string; spanId: string; what: unknown }>[];
  error: string | null;
  resource: Readonly<Record<string, string | number | boolean>>;
}>;

/** What a collector does with a request. */
export type Behaviour = 'take' | 'refuse' | 'hang';

export type OtlpReceiver = Readonly<{
  url: string;
  spans: ReceivedSpan[];
  metrics: RawMetric[][];
  /** The headers of each export. */
  headers: IncomingHttpHeaders[];
  behave(next: Behaviour): void;
  /** The spans of a trace as indented lines, in the order of their starts: `name KIND !error -> link`. */
  tree(traceId: string): string[];
}>;

const KINDS = ['', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];

/** A collector: takes OTLP as protobuf over HTTP, and decodes it. */
export async function startOtlpReceiver(t: Cleanup): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const metrics: RawMetric[][] = [];
  const headers: IncomingHttpHeaders[] = [];
  let behaviour: Behaviour = 'take';
  const take = (path: string, body: Buffer, response: ServerResponse) => {
    if (behaviour === 'hang') return;
    if (behaviour === 'refuse') return void response.writeHead(400).end();
    if (path.endsWith('/traces')) spans.push(...readSpans(body));
    else
      for (const { scopeMetrics } of decodeMetrics(body).resourceMetrics)
        metrics.push(scopeMetrics.flatMap((scope) => [...scope.metrics]));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  };
  const server = createServer((request, response) => {
    headers.push(request.headers);
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => take(request.url!, Buffer.concat(chunks), response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ spans, metrics, headers },
    behave(next) {
      behaviour = next;
    },
    tree: (traceId) => treeOf(spans.filter((span) => span.traceId === traceId)),
  };
}

function readSpans(body: Buffer): ReceivedSpan[] {
  return decodeTraces(body).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) => scope.spans.map((span) => toSpan(span, plain(resource.attributes)))),
  );
}

function toSpan(span: RawSpan, resource: ReceivedSpan['resource']): ReceivedSpan {
  return {
    traceId: span.traceId.toString('hex'),
    spanId: span.spanId.toString('hex'),
    parentSpanId: span.parentSpanId.toString('hex'),
    name: span.name,
    kind: KINDS[span.kind]!,
    startNs: BigInt(span.start),
    endNs: BigInt(span.end),
    attributes: plain(span.attributes),
    links: span.links.map((link) => ({
      traceId: link.traceId.toString('hex'),
      spanId: link.spanId.toString('hex'),
      what: plain(link.attributes)['webhook.link'],
    })),
    error: span.status?.code === 2 ? span.status.message : null,
    resource,
  };
}

function treeOf(spans: readonly ReceivedSpan[]): string[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const below = (parent: string | null, indent: string): string[] =>
    spans
      .filter(({ parentSpanId }) => (parent === null ? !known.has(parentSpanId) : parentSpanId === parent))
      .toSorted((a, b) => Number(a.startNs - b.startNs))
      .flatMap((span) => [`${indent}${lineOf(span)}`, ...below(span.spanId, `${indent}  `)]);
  return below(null, '');
}

function lineOf({ name, kind, error, links }: ReceivedSpan): string {
  const failed = error === null ? '' : ` !${error}`;
  return `${name} ${kind}${failed}${links.map(({ what }) => ` -> ${String(what)}`).join('')}`;
}
