import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '../domain/errors.ts';
import type { UserToken } from './define-config.ts';
import { loadConfig } from './load.ts';

const TOKEN = 'right-token-0123456789';

async function tokensOf(
  tokens: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = {},
) {
  const userConfig = { tokens: tokens as Readonly<Record<string, UserToken>> };
  return (await loadConfig({ env, cwd: '/nowhere', userConfig })).tokens;
}

async function problemOf(tokens: unknown, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const error = await tokensOf(tokens as Record<string, unknown>, env).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ConfigError);
  assert.doesNotMatch(error.message, /0123456789/, 'it shows a token');
  return error.message;
}

describe('tokens', () => {
  it('are those of the file beside ADMIN_TOKEN, whose holder is admin', async () => {
    const tokens = await tokensOf({ ann: { role: 'operator', token: TOKEN } }, { ADMIN_TOKEN: `${TOKEN}x` });
    assert.deepEqual(tokens, [
      { name: 'admin', role: 'admin', token: `${TOKEN}x` },
      { name: 'ann', role: 'operator', token: TOKEN },
    ]);
    assert.deepEqual(await tokensOf({}), []);
  });

  for (const [what, tokens, problem] of [
    [
      'a role that is none',
      { ann: { role: 'root', token: TOKEN } },
      /tokens\.ann\.role: got "root", takes viewer, operator or admin/,
    ],
    [
      'a short token',
      { ann: { role: 'admin', token: 'short' } },
      /tokens\.ann\.token: got .*16 to 1024 visible ASCII/,
    ],
    ['a token with a line break', { ann: { role: 'admin', token: `${TOKEN}\n` } }, /tokens\.ann\.token/],
    ['no token', { ann: { role: 'admin' } }, /tokens\.ann\.token/],
    ['another key', { ann: { role: 'admin', token: TOKEN, rule: 1 } }, /tokens\.ann\.rule: not a known key/],
    ['a name with spaces', { 'ann b': { role: 'admin', token: TOKEN } }, /got the name "ann b"/],
    ['the name of the receiver', { system: { role: 'admin', token: TOKEN } }, /tokens\.system/],
    [
      'a token twice',
      { ann: { role: 'admin', token: TOKEN }, bob: { role: 'viewer', token: TOKEN } },
      /tokens\.bob\.token: .*than that of ann/,
    ],
  ] as const) {
    it(`are not ${what}`, async () => assert.match(await problemOf(tokens), problem));
  }

  it('are not in doubt with ADMIN_TOKEN', async () => {
    const env = { ADMIN_TOKEN: TOKEN };
    assert.match(
      await problemOf({ admin: { role: 'viewer', token: `${TOKEN}x` } }, env),
      /tokens\.admin: takes another name/,
    );
    assert.match(
      await problemOf({ ann: { role: 'viewer', token: TOKEN } }, env),
      /tokens\.ann\.token: .*ADMIN_TOKEN/,
    );
  });
});
