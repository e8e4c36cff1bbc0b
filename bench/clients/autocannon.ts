import { readFileSync } from 'node:fs';
import { bodyOfOrder, orderBody, orderIdOf, orderKey } from './order.ts';
import type { SaturateOptions, Saturation } from './saturate.ts';

/** The client for machines without wrk. It shares the cores with the servers more than wrk does: compare ratios. */
export async function runAutocannon(options: SaturateOptions): Promise<Saturation> {
  const { default: autocannon } = await import('autocannon');
  const { signatures } = options;
  const signatureLines = signatures === undefined ? null : readFileSync(signatures, 'utf8').split('\n');
  let count = 0;
  const { orderKeys } = options;
  const bodyOf = (key: string) =>
    orderKeys === undefined ? orderBody(key) : bodyOfOrder(key, orderIdOf(count % orderKeys));
  const result = await autocannon({
    url: options.url,
    connections: options.connections,
    duration: options.seconds,
    requests: [
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        setupRequest: (request) => {
          const key = orderKey(options.keyPrefix, ++count);
          const signed = signatureLines === null ? {} : githubHeaders(key, signatureLines[count - 1]!);
          return { ...request, headers: { ...request.headers, ...signed }, body: bodyOf(key) };
        },
      },
    ],
  });
  return {
    seconds: result.duration,
    ok: result['2xx'],
    okPerSecond: result['2xx'] / result.duration,
    notOk: result.non2xx,
    socketErrors: result.errors + result.timeouts,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  };
}

function githubHeaders(key: string, signature: string): Record<string, string> {
  return {
    'x-github-event': 'push',
    'x-github-delivery': key,
    'x-hub-signature-256': `sha256=${signature}`,
  };
}
