import { createHash, createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Envelope } from './client.ts';

/** An event as its provider would post it: the exact bytes and the provider's own headers. */
export type RealEvent = Readonly<{
  key: string;
  provider: 'github' | 'stripe';
  body: string;
  headers: Readonly<Record<string, string>>;
}>;

/** What GitHub and we know of each other. */
export const GITHUB_SECRET = 'the secret of the repository';

const GITHUB_EXAMPLES = dirname(
  createRequire(import.meta.url).resolve('@octokit/webhooks-examples/package.json'),
);
const STRIPE_EXAMPLES = new URL('../fixtures/stripe/', import.meta.url);

/** All payloads that GitHub documents, for github.com and its servers, and some of Stripe's. */
export function realEvents(): RealEvent[] {
  return [...githubEvents(), ...stripeEvents()];
}

type GithubEntry = Readonly<{ name: string; examples: readonly Readonly<{ action?: string }>[] }>;

function githubEvents(): RealEvent[] {
  const folders = readdirSync(GITHUB_EXAMPLES, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  return folders.flatMap(({ name: server }) => {
    const entries = JSON.parse(readFileSync(join(GITHUB_EXAMPLES, server, 'index.json'), 'utf8'));
    return (entries as GithubEntry[]).flatMap(({ name, examples }) =>
      examples.map((payload, index) => githubEvent(`${server}/${name}/${index}`, name, payload)),
    );
  });
}

function githubEvent(key: string, name: string, payload: Readonly<{ action?: string }>): RealEvent {
  const event_type = payload.action === undefined ? name : `${name}.${payload.action}`;
  const envelope: Envelope = { idempotency_key: key, event_type, payload };
  const body = JSON.stringify(envelope);
  const headers = {
    'User-Agent': 'GitHub-Hookshot/044aadd',
    'X-GitHub-Delivery': createHash('sha256').update(key).digest('hex').slice(0, 32),
    'X-GitHub-Event': name,
    'X-Hub-Signature-256': githubSignature(body),
  };
  return { key, provider: 'github', body, headers };
}

/** As GitHub documents it: anyone who has the exact bytes and the secret can verify them. */
export function githubSignature(body: string | Buffer): string {
  return `sha256=${createHmac('sha256', GITHUB_SECRET).update(body).digest('hex')}`;
}

function stripeEvents(): RealEvent[] {
  return readdirSync(STRIPE_EXAMPLES).map((file) => {
    const payload = JSON.parse(readFileSync(new URL(file, STRIPE_EXAMPLES), 'utf8'));
    const envelope: Envelope = { idempotency_key: payload.id, event_type: payload.type, payload };
    // Stripe indents what it sends.
    const body = JSON.stringify(envelope, null, 2);
    return { key: payload.id, provider: 'stripe', body, headers: { 'User-Agent': 'Stripe/1.0' } };
  });
}
