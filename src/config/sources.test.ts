import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkFile } from './check-file.ts';
import { checkVerifiers } from './check-verifiers.ts';
import { loadConfig } from './load.ts';

const scheme = { alg: 'hmac', sig: { from: 'header:X-Sig' } } as const;
const problemsOf = (source: unknown) => checkFile({ sources: { s: source } }, 'config').problems;
const problemsWith = (options: object) => problemsOf({ provider: 'github', secret: 'x', ...options });
const load = async (source: object) => {
  const userConfig = { sources: { s: source } } as never;
  const { sources } = await loadConfig({ env: {}, cwd: '/nowhere', userConfig });
  return sources.find(({ name }) => name === 's')?.verification;
};

describe('a source', () => {
  it('without options takes the envelope', async () => {
    assert.deepEqual(problemsOf({}), []);
    assert.equal(await load({}), null);
  });

  it('has exactly one of provider and verify, and the other options only beside one', () => {
    assert.deepEqual(problemsOf({ provider: 'github', verify: scheme, secret: 'x' }), [
      'sources.s: got both provider and verify, takes exactly one of the two',
    ]);
    assert.deepEqual(problemsOf({ secret: 'x', reply: { status: 200 } }), [
      'sources.s.secret: got a value without provider or verify, takes a value only beside one of them',
      'sources.s.reply: got a value without provider or verify, takes a value only beside one of them',
    ]);
  });

  it('names a provider that is known, by any of its names', async () => {
    assert.deepEqual(problemsWith({ provider: 'GitHub' }), []);
    assert.equal((await load({ provider: 'GitHub', secret: 'x' }))?.provider, 'github');
    assert.deepEqual(problemsWith({ provider: 'githup' }), [
      'sources.s.provider: got "githup", takes the id of a provider, as `webhook-receiver providers` lists them; the nearest is github',
    ]);
    assert.deepEqual(problemsWith({ provider: 'qqqqqqqqqqqqqqqqq' }), [
      'sources.s.provider: got "qqqqqqqqqqqqqqqqq", takes the id of a provider, as `webhook-receiver providers` lists them',
    ]);
  });

  it('has one secret or a list of them, and none is ever printed', () => {
    assert.deepEqual(
      problemsOf({ provider: 'github', secrets: Array.from({ length: 10 }, (_, at) => `s${at}`) }),
      [],
    );
    assert.deepEqual(problemsWith({ secrets: ['hunter2'] }), [
      'sources.s.secrets: got a value beside secret, takes one of the two',
    ]);
    for (const secrets of [
      [],
      Array.from({ length: 11 }, () => 'x'),
      'hunter2',
      ['hunter2', ''],
      [undefined],
    ]) {
      const problems = problemsOf({ provider: 'github', secrets });
      assert.equal(problems.length, 1, JSON.stringify(secrets));
      assert.doesNotMatch(problems[0]!, /hunter2/);
    }
    for (const secret of ['', 5, null, 'x'.repeat(4097)]) assert.equal(problemsWith({ secret }).length, 1);
  });

  it('stops the start with an option that came out undefined, where it would verify less', () => {
    for (const key of ['provider', 'verify', 'secret', 'secrets', 'publicKey', 'params', 'publicUrl']) {
      const rest = key === 'verify' ? {} : { provider: 'github' };
      assert.match(
        problemsOf({ ...rest, [key]: undefined }).join(),
        new RegExp(`sources\\.s\\.${key}: got`),
        key,
      );
    }
    assert.deepEqual(problemsOf({ provider: undefined }).length, 1);
    assert.match(problemsWith({ params: { topicArn: undefined } }).join(), /params\.topicArn: got nothing/);
  });

  it('has a public URL under either spelling, once', async () => {
    const url = 'https://user:pw@hooks.example.com/in?x=1';
    assert.equal((await load({ provider: 'github', secret: 'x', publicUrl: url }))?.publicUrl, url);
    assert.equal((await load({ provider: 'github', secret: 'x', public_url: url }))?.publicUrl, url);
    assert.deepEqual(problemsWith({ publicUrl: url, public_url: url }), [
      'sources.s.public_url: got a value beside publicUrl, takes one of the two',
    ]);
    const [problem] = problemsWith({ publicUrl: 'ftp://user:hunter2@h/' });
    assert.match(problem!, /takes the http or https URL that is registered/);
    assert.doesNotMatch(problem!, /hunter2/);
    assert.equal(problemsWith({ publicUrl: 'https://h/#x' }).length, 1);
  });

  it('takes a bare locator for the template of it alone', async () => {
    const identity = {
      idempotencyKey: 'header:X-Id',
      eventType: ['body:/type', '{header:X-Kind}.{body:/action}'],
    };
    assert.deepEqual((await load({ verify: scheme, secret: 'x', ...identity }))?.identity, {
      idempotencyKey: ['{header:X-Id}'],
      eventType: ['{body:/type}', '{header:X-Kind}.{body:/action}'],
    });
  });

  it('has names of events that can be read, that differ, and that give nothing away', () => {
    for (const idempotencyKey of ['{header:X-Id', 'header:', 'constant', '', [], '{secret}', '{nope}', 5]) {
      const problems = problemsWith({ idempotencyKey });
      assert.equal(problems.length, 1, `${JSON.stringify(idempotencyKey)}: ${problems.join('\n')}`);
      assert.match(problems[0]!, /^sources\.s\.idempotencyKey: got .*, takes a template/);
    }
    assert.match(problemsWith({ eventType: ['body:/a', 'body:b'] }).join(), /^sources\.s\.eventType\[1\]: /);
  });

  it('has bounded numbers and an answer that is a success', () => {
    assert.deepEqual(
      problemsWith({ reply: { status: 200, body: '', contentType: 'text/plain; charset=utf-8' } }),
      [],
    );
    for (const options of [
      ...[{ toleranceSeconds: 0 }, { toleranceSeconds: 86_401 }, { replayWindowSeconds: -1 }],
      ...[{ reply: { status: 199 } }, { reply: { status: 404 } }, { reply: { contentType: 'text' } }],
      ...[
        { reply: { body: 'x'.repeat(4097) } },
        { reply: { stauts: 200 } },
        { params: { a: '' } },
        { params: [] },
      ],
      ...[{ publicKey: '' }, { verfiy: scheme }],
    ]) {
      assert.equal(problemsWith(options).length, 1, JSON.stringify(options));
    }
  });

  it('has handshakes of its own beside verify only, and may wait for the secret that one brings', () => {
    const hello = {
      ...{ name: 'hello', method: 'POST', when: { header: 'X-Secret' }, signed: false },
      ...{ action: { kind: 'keep-secret', from: 'header:X-Secret' }, reply: { status: 200 } },
    };
    assert.deepEqual(problemsOf({ verify: scheme, handshakes: [hello] }), []);
    assert.deepEqual(checkVerifiers({ sources: { s: { verify: scheme, handshakes: [hello] } } }), []);
    assert.equal(checkVerifiers({ sources: { s: { verify: scheme } } }).length, 1);
    assert.match(
      problemsWith({ handshakes: [hello] }).join(),
      /^sources\.s\.handshakes: .* beside verify only/,
    );
    assert.match(
      problemsOf({
        verify: scheme,
        secret: 'x',
        handshakes: [{ ...hello, action: { kind: 'keep-event' } }],
      }).join(),
      /^sources\.s\.handshakes\[0\]\.action\.kind: got .*signed: true/,
    );
    assert.match(
      problemsOf({ verify: scheme, secret: 'x', handshakes: [{ ...hello, when: {} }] }).join(),
      /every event would be taken for it/,
    );
  });

  it('has defaults for what is left out', async () => {
    assert.deepEqual(await load({ provider: 'github', secret: 'x' }), {
      ...{ provider: 'github', schemes: null, secrets: ['x'], publicKey: null, params: {} },
      identity: { idempotencyKey: null, eventType: null },
      ...{ publicUrl: null, toleranceSeconds: null, replayWindowMs: null, reply: null },
      replayOnRedelivery: true,
      handshakes: [],
    });
  });
});
