import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UserConfig } from './define-config.ts';
import { explainConfig } from './explain.ts';
import { loadConfig } from './load.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const userConfig: UserConfig = {
  sources: {
    default: {},
    github: {
      provider: 'github',
      secrets: ['hunter2', 'hunter2-old'],
      publicUrl: 'https://u:hunter2@h/in?k=hunter2',
    },
    sns: { provider: 'aws-sns', params: { topicArn: 'arn:aws:sns:eu:1:t' } },
    partner: {
      verify: { alg: 'token', sig: { from: 'header:X-Token' } },
      secret: 'hunter2',
      publicKey: 'shown',
      params: { clientToken: 'hunter2', apiKey: 'hunter2', Secret: 'hunter2', region: 'eu' },
    },
  },
  tokens: { ann: { role: 'viewer', token: 'hunter2-hunter2-hunter2-of-ann' } },
  destinations: {
    billing: {
      url: 'https://h/hooks/hunter2?token=hunter2#x',
      secret: SECRET,
      headers: { Authorization: 'Bearer hunter2' },
    },
    audit: { handler: () => 'hunter2' },
  },
};

async function explain(env: Record<string, string>) {
  return JSON.stringify(explainConfig(await loadConfig({ env, cwd: '/nowhere', userConfig })), null, 2);
}

describe('the explained configuration', () => {
  it('shows everything but secrets', async () => {
    const text = await explain({ ADMIN_TOKEN: 'hunter2-hunter2-hunter2' });
    assert.doesNotMatch(text, /hunter2|BwcHBwcH/);
    const { tokens, destinations, workerCount } = JSON.parse(text);
    assert.equal(workerCount, 85);
    assert.deepEqual(tokens, [
      { name: 'admin', role: 'admin', token: '(redacted)' },
      { name: 'ann', role: 'viewer', token: '(redacted)' },
    ]);
    assert.deepEqual(destinations[0].target, {
      kind: 'http',
      url: 'https://h/(redacted)',
      headers: { Authorization: '(redacted)' },
      secret: '(redacted)',
      permanentStatuses: [],
      method: 'event',
      query: 'forward',
    });
    assert.deepEqual(destinations[1].target, { kind: 'function' });
  });

  it('shows how sources verify, without what they verify with', async () => {
    const { sources } = JSON.parse(await explain({ PUBLIC_URL: 'https://u:hunter2@h/in' }));
    const of = (name: string) =>
      sources.find((source: { name: string }) => source.name === name).verification;
    assert.equal(of('default'), null);
    assert.deepEqual(of('github').secrets, ['(redacted)', '(redacted)']);
    assert.equal(of('github').publicUrl, 'https://h/in?(redacted)');
    assert.deepEqual(of('sns').params, { topicArn: 'arn:aws:sns:eu:1:t' });
    assert.equal(of('partner').publicKey, 'shown');
    assert.deepEqual(of('partner').params, {
      ...{ clientToken: '(redacted)', apiKey: '(redacted)', Secret: '(redacted)' },
      region: 'eu',
    });
    assert.doesNotMatch(await explain({ PUBLIC_URL: 'https://u:hunter2@h/in' }), /hunter2/);
  });

  it('shows where the database is, without credentials, however many servers it has', async () => {
    for (const [url, shown] of [
      ['postgres://me:hunter2@h/db', 'postgres://(redacted)@h/db'],
      ['postgres://me:hunter2@a:1,[::1],c/db?x=hunter2', 'postgres://(redacted)@a:1,[::1],c/db?(redacted)'],
      ['postgres://a,b:2/db', 'postgres://a,b:2/db'],
    ] as const) {
      const config = JSON.parse(await explain({ DATABASE_URL: url, DATABASE_DIRECT_URL: url }));
      assert.deepEqual([config.databaseUrl, config.databaseDirectUrl], [shown, shown]);
    }
  });

  it('shows where the broker is, without credentials', async () => {
    const shown = async (url: string) => JSON.parse(await explain({ QUEUE_URL: url })).queueUrl;
    assert.equal(await shown('rediss://me:hunter2@cache:6380/2'), 'rediss://cache:6380/2');
    assert.equal(await shown('amqp://me:hunter2@mq/inbox?prefix=a'), 'amqp://mq/inbox?(redacted)');
    assert.equal(JSON.parse(await explain({})).queueUrl, null);
  });

  it('has no admin without ADMIN_TOKEN', async () => {
    assert.deepEqual(
      JSON.parse(await explain({})).tokens.map(({ name }: { name: string }) => name),
      ['ann'],
    );
  });
});
