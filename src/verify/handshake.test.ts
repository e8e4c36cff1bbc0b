import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerHandshake, findHandshake } from './handshake.ts';
import type { Handshake } from './provider.ts';
import type { SignedRequest } from './read/signed-request.ts';

const ECHO: Handshake = {
  name: 'echo',
  method: 'POST',
  when: {
    equals: { 'body:/type': 'check' },
    matches: { 'body:/challenge': '[a-z]{1,9}' },
    absent: ['body:/event'],
  },
  signed: false,
  reply: { status: 200, body: '{body:/challenge}' },
};

function request(body: string, more: Partial<SignedRequest> = {}): SignedRequest {
  return {
    method: 'POST',
    url: 'https://inside.example/in?token=t',
    headers: [],
    body: Buffer.from(body),
    ...more,
  };
}

const keys = { secrets: ['s'], params: {} };

describe('a handshake', () => {
  it('is one only if all holds', () => {
    const is = (body: string, more = {}) => findHandshake([ECHO], request(body, more)) !== null;
    assert.equal(is('{"type":"check","challenge":"abc"}'), true);
    assert.equal(is('{"type":"check","challenge":"abc","event":{}}'), false);
    assert.equal(is('{"type":"check","challenge":"<b>"}'), false);
    assert.equal(is('{"type":"check","challenge":"abc\\n"}'), false);
    assert.equal(is('{"type":"check"}'), false);
    assert.equal(is('{"type":"other","challenge":"abc"}'), false);
    assert.equal(is('{"type":"check","challenge":"abc"}', { method: 'GET' }), false);
    assert.equal(is('no json'), false);
    assert.equal(findHandshake([], request('')), null);
  });

  it('looks at headers, query and content type', () => {
    const when = { header: 'X-A', noHeader: 'X-B', query: 'token', contentType: 'text/plain' };
    const one: Handshake = { ...ECHO, when };
    const headers = ['x-a', '', 'content-type', 'text/plain; charset=utf-8'];
    assert.equal(findHandshake([one], request('', { headers })), one);
    assert.equal(findHandshake([one], request('', { headers: [...headers, 'x-b', '1'] })), null);
    assert.equal(findHandshake([one], request('', { headers, url: 'https://h.example/' })), null);
    assert.equal(findHandshake([one], request('', { headers: ['x-a', ''] })), null);
  });

  it('is echoed as plain text that no browser takes for more', () => {
    const answer = answerHandshake(ECHO, request('{"type":"check","challenge":"abc"}'), keys);
    const headers = { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' };
    assert.deepEqual(answer, { kind: 'reply', reply: { status: 200, headers, body: 'abc' } });
  });

  it('is refused with another secret than that of the source', () => {
    const one: Handshake = { ...ECHO, secretAt: 'query:token' };
    const answer = (secrets: readonly string[], params = {}) =>
      answerHandshake({ ...one, secretParam: 'verifyToken' }, request('{"challenge":"a"}'), {
        secrets,
        params,
      }).kind;
    assert.equal(answer(['x', 't']), 'reply');
    assert.equal(answer(['x']), 'refused');
    assert.equal(answer([]), 'refused');
    assert.equal(answer(['t'], { verifyToken: 'other' }), 'refused');
    assert.equal(answer(['x'], { verifyToken: 't' }), 'reply');
  });

  it('computes what proves the secret, over the public URL', () => {
    const of = '{query:token}{secret}{url:noquery}';
    const one: Handshake = {
      ...ECHO,
      mac: { alg: 'digest', hash: 'sha256', of, enc: 'hex' },
      reply: { status: 200, body: { proof: '{mac}', fixed: 1 } },
    };
    const answer = (publicUrl?: string) =>
      answerHandshake(one, request(''), { ...keys, ...(publicUrl !== undefined && { publicUrl }) });
    const body = (found: ReturnType<typeof answer>) =>
      found.kind === 'reply' ? JSON.parse(found.reply.body) : found;
    assert.equal(body(answer()).fixed, 1);
    assert.notEqual(body(answer()).proof, body(answer('https://outside.example/in')).proof);
    assert.equal(answerHandshake(one, request(''), { secrets: [], params: {} }).kind, 'refused');
  });

  it('sends no header that holds a line end, and nothing half filled', () => {
    const one: Handshake = { ...ECHO, reply: { status: 200, headers: { 'X-Echo': '{body:/h}' } } };
    assert.equal(answerHandshake(one, request('{"h":"a\\r\\nSet-Cookie: x"}'), keys).kind, 'refused');
    assert.equal(answerHandshake(one, request('{}'), keys).kind, 'refused');
    const answer = answerHandshake(one, request('{"h":"a"}'), keys);
    assert.deepEqual(answer, { kind: 'reply', reply: { status: 200, headers: { 'x-echo': 'a' }, body: '' } });
  });
});
