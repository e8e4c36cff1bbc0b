import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReceiverOptions } from '../src/receiver.ts';
import { signWebhook } from '../src/verify/index.ts';
import { eventually } from './eventually.ts';
import { type Cleanup, startReceiver, type TestReceiver } from './receiver.ts';

/** Who may do what at the receivers of the console's tests. */
export const TOKENS = {
  viewer: 'viewer-token-of-the-tests',
  operator: 'operator-token-of-the-tests',
  admin: 'admin-token-of-the-tests-0',
} as const;
export type TokenRole = keyof typeof TOKENS;

export const GITHUB_SECRET = 'a secret of GitHub';

export type ConsoleReceiver = TestReceiver &
  Readonly<{
    /** Where destinations over HTTP go; `heal` lets the failing ones succeed. */
    heal(): void;
    /** Paths and headers of what came there. */
    forwarded: readonly Readonly<{ url: string; headers: IncomingHttpHeaders }>[];
    post(source: string, event: Envelope): Promise<string>;
    postGithub(event: string, body: object, secret?: string): Promise<number>;
  }>;

export type Envelope = Readonly<{ idempotency_key: string; event_type: string; payload: unknown }>;

/** A receiver with a shop's sources and destinations, of which one works, one fails for good, and one is in order. */
export async function startConsoleReceiver(
  t: Cleanup,
  options: ReceiverOptions = {},
): Promise<ConsoleReceiver> {
  let isHealed = false;
  const forwarded: { url: string; headers: IncomingHttpHeaders }[] = [];
  const sink = createServer(async (request, response) => {
    await request.toArray();
    forwarded.push({ url: request.url!, headers: request.headers });
    const isGood = isHealed || request.url === '/good';
    response.writeHead(isGood ? 200 : 422, { 'content-type': 'application/json' });
    response.end(isGood ? '{"ok":true}' : '{"error":"customer cus_9f2 has no address"}');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => sink.once('listening', resolve));
  const target = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;
  t.after(async () => void sink.close());
  const receiver = await startReceiver(t, {
    sources: {
      default: {},
      shop: { search: { order: 'body:/payload/order' }, mask: ['/payload/card'] },
      github: { provider: 'github', secret: GITHUB_SECRET },
    },
    destinations: {
      warehouse: { url: `${target}/good`, sources: ['shop', 'default'] },
      crm: { url: `${target}/crm`, sources: ['shop'], retry: { maxAttempts: 1 } },
      ledger: {
        url: `${target}/ledger`,
        sources: ['shop'],
        events: ['payment.*'],
        orderBy: 'body:/payload/customer',
        retry: { maxAttempts: 1 },
        onFailure: 'block',
      },
      archive: { url: `${target}/good`, sources: ['default'] },
      builds: { url: `${target}/good`, sources: ['github'] },
    },
    tokens: Object.fromEntries(
      Object.entries(TOKENS).map(([role, token]) => [
        role === 'admin' ? 'root' : role,
        { role: role as TokenRole, token },
      ]),
    ),
    ...options,
    env: { ...options.env },
  });
  const post: ConsoleReceiver['post'] = async (source, event) => {
    const response = await fetch(`${receiver.url}/webhooks/${source}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-shop': 'berlin', 'user-agent': 'Shop/4.2' },
      body: JSON.stringify(event),
    });
    return ((await response.json()) as { id: string }).id;
  };
  // Searches have a thread that starts with the first of them.
  await askAdmin(receiver, '/admin/events');
  return {
    ...receiver,
    forwarded,
    heal: () => {
      isHealed = true;
    },
    post,
    async postGithub(event, body, secret = GITHUB_SECRET) {
      const url = `${receiver.url}/webhooks/github`;
      const {
        method,
        headers,
        body: bytes,
      } = signWebhook({
        provider: 'github',
        secret,
        url,
        body: Buffer.from(JSON.stringify(body)),
        headers: { 'content-type': 'application/json', 'x-github-event': event },
        nowMs: Date.now(),
        newId: () => crypto.randomUUID(),
      });
      const pairs = Array.from({ length: headers.length / 2 }, (_, i) => [
        headers[2 * i]!,
        headers[2 * i + 1]!,
      ]);
      const sent = await fetch(url, { method, headers: pairs as [string, string][], body: bytes as never });
      return sent.status;
    },
  };
}

/** The same, with an alert that is on: `archive` is held. The watch looks at once after a start. */
export async function startAlertedReceiver(t: Cleanup): Promise<ConsoleReceiver> {
  const before = await startConsoleReceiver(t);
  await askAdmin(before, '/admin/destinations/archive/hold', 'POST', { reason: 'the disk is replaced' });
  await before.stop();
  const receiver = await startConsoleReceiver(t, { env: { DB_PATH: before.dbPath } });
  await eventually('the alert is on', async () => {
    const { alerts } = await askAdmin<{ alerts: readonly object[] }>(receiver, '/admin/alerts');
    return alerts.length > 0;
  });
  return receiver;
}

/** The body of an answer of the receiver to the admin. */
export async function askAdmin<Answer>(
  { adminUrl }: TestReceiver,
  path: string,
  method = 'GET',
  body?: object,
): Promise<Answer> {
  const response = await fetch(`${adminUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${TOKENS.admin}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return (await response.json()) as Answer;
}

/** Waits until nothing is open any more. */
export async function settled(receiver: TestReceiver): Promise<void> {
  await eventually('all deliveries end', async () => {
    const { destinations } = await askAdmin<{
      destinations: readonly Readonly<{ pending: number; processing: number; state: string }>[];
    }>(receiver, '/admin/destinations');
    return destinations.every((one) => one.state === 'held' || one.pending + one.processing === 0);
  });
}
