import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SeededRandom } from '../../testkit/seeded-random.ts';
import { type OperatedInbox, SECRET } from './operated-inbox.ts';

export const TOKEN = 'the-token-of-the-admin-of-this-proof';

/** The actions that were answered 2xx, by what the audit calls them. */
export type Acknowledged = Map<string, number>;

/** The configuration of the proof, which a reload replaces by one with another rate. */
export function configWith(rate: number): string {
  return `
const failing = (code) => ({ handler: () => { throw Object.assign(new Error('no'), { code }); } });
export default {
  sources: { default: {}, github: { provider: 'github', secret: '${SECRET}' } },
  destinations: {
    broken: { events: ['order.created'], ...failing('HANDLER_PERMANENT') },
    down: { events: ['down'], retry: { baseDelaySeconds: 0.02, maxDelaySeconds: 0.05 }, ...failing('ECONNREFUSED') },
    ledger: { events: ['none'], handler: () => {} },
    spare: { events: ['push'], handler: () => {} },
    limited: { events: ['none'], rate: '${rate}/s', handler: () => {} },
  },
};`;
}

/** Makes what an operator does next: one request of any kind, whose answer is noted. */
export function createOperator(
  inbox: OperatedInbox,
  folder: string,
  url: string,
  random: SeededRandom,
  acknowledged: Acknowledged,
): () => Promise<void> {
  const ask = async (action: string, method: string, path: string, body?: object): Promise<Response> => {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    const request = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const answer = await fetch(`${url}/admin${path}`, request);
    await answer.arrayBuffer();
    if (answer.ok) acknowledged.set(action, (acknowledged.get(action) ?? 0) + 1);
    return answer;
  };
  const reload = async () => {
    const file = join(folder, `next-${random.int(1_000_000_000)}.mjs`);
    await writeFile(file, configWith(1 + random.int(1_000)));
    await rename(file, join(folder, 'webhooks.config.mjs'));
    await ask('config.reload', 'POST', '/reload');
  };
  const destination = () => `/destinations/${random.pick(['spare', 'limited', 'down'])}`;
  const key = () => encodeURIComponent(random.pick([...inbox.blocked.keys()]));
  const actions = [
    () => ask('delivery.replay', 'POST', `/deliveries/${random.pick(inbox.deadLetters)}/replay?again=true`),
    () => ask('order_key.release', 'POST', `/blocked-keys/release?destination=ledger&order_key=${key()}`),
    () => ask('event.erase', 'POST', `/webhooks/${random.pick(inbox.erasable)}/erase`),
    () => ask('rejected.reverify', 'POST', `/rejected/${random.pick(inbox.rejected)}/reverify`),
    () => ask('source_state.drop', 'DELETE', `/sources/github/state/${random.pick(inbox.entries)}`),
    () => ask('source_state.read', 'GET', '/sources/github/state'),
    () => ask('event.reveal', 'GET', `/webhooks/${random.pick(inbox.erasable)}?reveal=true`),
    () => ask('destination.hold', 'POST', `${destination()}/hold`, { reason: `r${random.int(1_000)}` }),
    () => ask('destination.resume', 'POST', `${destination()}/resume`),
    () => ask('destination.rate', 'PUT', `${destination()}/rate`, { rate: `${1 + random.int(1_000)}/s` }),
    () => ask('destination.rate', 'DELETE', `${destination()}/rate`),
    () => ask('cleanup.confirm', 'POST', '/cleanup/confirm'),
    reload,
    () => trip(url, random),
  ];
  return async () => void (await random.pick(actions)());
}

/** An event for the destination that is down. */
async function trip(url: string, random: SeededRandom): Promise<void> {
  const body = { idempotency_key: `down-${random.int(1_000_000_000)}`, event_type: 'down', payload: {} };
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/webhooks`, { method: 'POST', headers, body: JSON.stringify(body) });
  await answer.arrayBuffer();
}
