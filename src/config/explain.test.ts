import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UserConfig } from './define-config.ts';
import { explainConfig } from './explain.ts';
import { loadConfig } from './load.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const userConfig: UserConfig = {
  destinations: {
    billing: {
      url: 'https://h/hooks?token=hunter2#x',
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
    const { http, destinations, workerCount } = JSON.parse(text);
    assert.equal(workerCount, 85);
    assert.equal(http.adminToken, '(redacted)');
    assert.deepEqual(destinations[0].target, {
      kind: 'http',
      url: 'https://h/hooks?(redacted)',
      headers: { Authorization: '(redacted)' },
      secret: '(redacted)',
      permanentStatuses: [],
    });
    assert.deepEqual(destinations[1].target, { kind: 'function' });
  });

  it('tells an unset secret from a hidden one', async () => {
    assert.equal(JSON.parse(await explain({})).http.adminToken, null);
  });
});
