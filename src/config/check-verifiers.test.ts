import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkVerifiers } from './check-verifiers.ts';

const check = (source: unknown) => checkVerifiers({ sources: { s: source } });
const scheme = { alg: 'hmac', sig: { from: 'header:X-Sig' } } as const;

describe('a source that could not verify', () => {
  it('is told where it is, by the option that is missing', () => {
    for (const [source, said] of [
      [{ provider: 'github' }, /secret/],
      [{ provider: 'aws-sns' }, /topicArn/],
      [{ provider: 'discord' }, /publicKey/],
      [{ verify: scheme }, /secret/],
    ] as const) {
      const problems = check(source);
      assert.ok(problems.length > 0, JSON.stringify(source));
      for (const problem of problems) assert.match(problem, /^sources\.s[:.]/);
      assert.match(problems.join('\n'), said);
    }
  });

  it('is told of a key that does not decode, without the key', () => {
    for (const source of [
      { provider: 'standard-webhooks', secret: 'whsec_hunter2!' },
      { provider: 'adyen', secret: 'hunter2' },
      { provider: 'discord', publicKey: 'hunter2' },
    ]) {
      const problems = check(source);
      assert.ok(problems.length > 0, source.provider);
      assert.doesNotMatch(problems.join(), /hunter2/);
    }
  });

  it('is told in the words of the provider', () => {
    assert.match(
      check({ provider: 'github' }).join(),
      /^sources\.s\.secret: got nothing, takes, for GitHub: ./,
    );
    assert.deepEqual(check({ provider: 'github', secret: 'x', params: { region: 'eu' } }), [
      'sources.s.params.region: not a known parameter, takes none here',
    ]);
    assert.deepEqual(check({ provider: 'aws-sns', params: { topicArn: 'arn:x', topicArm: 'y' } }), [
      'sources.s.params.topicArm: not a known parameter, the nearest is topicArn',
    ]);
  });

  it('is one that would forget a token while it is taken', () => {
    const mailgun = (more: object) => check({ provider: 'mailgun', secret: 'x', ...more });
    assert.deepEqual(mailgun({ replayWindowSeconds: 60 }), [
      'sources.s.replayWindowSeconds: got 60, takes, for Mailgun, 86400 or more: for as long as its tokens are taken',
    ]);
    assert.deepEqual(mailgun({ replayWindowSeconds: 86_400 }), []);
    assert.match(mailgun({ replayWindowSeconds: 86_400, toleranceSeconds: 86_400 }).join(), /172800 or more/);
    assert.deepEqual(mailgun({ toleranceSeconds: 86_400 }), []);
    assert.deepEqual(check({ provider: 'github', secret: 'x', replayWindowSeconds: 0 }), []);
  });

  it('may be one that a handshake brings the secret to', () => {
    for (const provider of ['asana', 'notion']) assert.deepEqual(check({ provider }), [], provider);
  });

  it('is not told again of what is wrong already', () => {
    for (const source of [
      { provider: 'githup' },
      { provider: 'github', secret: '' },
      { verify: 5 },
      5,
      null,
    ]) {
      assert.deepEqual(check(source), []);
    }
    for (const file of [null, 5, { sources: [] }, {}]) assert.deepEqual(checkVerifiers(file), []);
  });
});
