import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PROVIDERS } from '../providers/index.ts';
import { handshakeSchema } from './handshake-schema.ts';

const CHALLENGE = {
  name: 'challenge',
  method: 'GET',
  when: { query: 'challenge' },
  signed: false,
  reply: { status: 200, body: '{query:challenge}' },
};

/** The paths of what is wrong. */
function wrongIn(handshake: object): string[] {
  const { error } = handshakeSchema.safeParse(handshake);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('handshakeSchema', () => {
  it('takes what providers declare', () => {
    const declared = PROVIDERS.flatMap(({ handshakes = [] }) => handshakes);
    assert.ok(declared.length > 20);
    for (const handshake of declared) {
      const problems = wrongIn(handshake).filter(
        // Providers' own are tested to sign nothing that is an event's, by other bounds as well.
        (problem) => !problem.startsWith('mac.of: '),
      );
      assert.deepEqual(problems, [], handshake.name);
    }
  });

  for (const [what, change, problem] of [
    ['a member that does not exist', { answers: 1 }, /name, method, when/],
    ['a condition that does not exist', { when: { queri: 'a' } }, /header, noHeader, query/],
    ['a method that is none', { method: 'PUT' }, /^method: one of GET, HEAD, POST, OPTIONS/],
    ['a locator that is none', { secretAt: 'challenge' }, /^secretAt: a locator/],
    [
      'a template that is none',
      { reply: { status: 200, body: { a: ['{what}'] } } },
      /^reply.body: a template/,
    ],
    ['a status that is none', { reply: { status: 500 } }, /^reply.status: a whole number from 200 to 499/],
    [
      'a header of the connection',
      { reply: { status: 200, headers: { 'Content-Length': '1' } } },
      /^reply.headers/,
    ],
    ['a POST without conditions', { method: 'POST', when: {} }, /^when: .*every event/],
    ['secretParam alone', { secretParam: 'verifyToken' }, /^secretParam/],
    [
      'the secret in the answer',
      { reply: { status: 200, body: { a: '{secret}' } } },
      /^reply: .*without \{secret\}/,
    ],
    ['a mac that is not computed', { reply: { status: 200, body: '{mac}' } }, /^reply: .*mac/],
    ['an event that is not signed', { action: { kind: 'keep-event' } }, /^action.kind: .*signed: true/],
    [
      'a call that is not signed',
      { action: { kind: 'confirm-subscription', url: 'body:/u' } },
      /^action.kind/,
    ],
    ['an action that does not exist', { action: { kind: 'keep' } }, /^action.*keep-secret/],
    [
      'a signature of whatever is asked for',
      { mac: { alg: 'hmac', hash: 'sha256', of: '{query:challenge}', enc: 'hex' } },
      /^mac.of: a value for which when.matches/,
    ],
    [
      'a signature of the body',
      { mac: { alg: 'hmac', hash: 'sha256', of: '{body}', enc: 'hex' } },
      /^mac.of: values that when.matches bounds/,
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      const problems = wrongIn({ ...CHALLENGE, ...change });
      assert.ok(
        problems.some((text) => problem.test(text)),
        problems.join('\n') || 'nothing was refused',
      );
    });
  }

  it('takes a signature of what a pattern bounds', () => {
    const mac = { alg: 'hmac', hash: 'sha256', of: '{query:challenge}', enc: 'hex' };
    const when = { matches: { 'query:challenge': '[a-z0-9]{1,64}' } };
    assert.deepEqual(wrongIn({ ...CHALLENGE, when, mac, reply: { status: 200, body: '{mac}' } }), []);
  });
});
