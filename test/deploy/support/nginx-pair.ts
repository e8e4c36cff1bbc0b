import assert from 'node:assert/strict';
import { createInbox, startFakeReceiver } from './fake-receiver.ts';
import { type NginxOptions, startNginx } from './nginx.ts';
import type { Sent } from './send.ts';

type Cleanup = Readonly<{ after(clean: () => Promise<void>): void }>;

/** nginx before two stand-ins that share an inbox. */
export async function setUp(t: Cleanup, options: Partial<NginxOptions> = {}) {
  const inbox = createInbox();
  const first = await startFakeReceiver(t, inbox);
  const second = await startFakeReceiver(t, inbox);
  const nginx = await startNginx(t, { receivers: [first.port, second.port], ...options });
  const asked = () => first.requests.length + second.requests.length;
  return { inbox, first, second, nginx, asked };
}

/** Asserts that the answer is a problem of nginx's own. */
export function assertProblem({ status, headers, text }: Sent, code: string, expected: number): void {
  assert.equal(status, expected, text);
  assert.equal(headers['content-type'], 'application/problem+json');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  const { detail, title, ...rest } = JSON.parse(text) as Record<string, unknown>;
  assert.deepEqual(rest, { type: `urn:webhook-receiver:problem:${code}`, status: expected, code });
  assert.equal(typeof detail, 'string');
  assert.equal(typeof title, 'string');
}
