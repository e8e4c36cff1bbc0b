import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RESPONSE_EXCERPT_BYTES } from '../../domain/attempt.ts';
import { type AnswerState, createAnswerReader } from './read-answer.ts';
import { DRAIN_LIMIT_BYTES } from './read-body.ts';

/** Reads the chunks of a connection until the answer has ended; without an end, to where the connection is cut. */
function read(chunks: readonly (string | Buffer)[], isHead = false) {
  const reader = createAnswerReader(isHead);
  let state: AnswerState = 'waiting';
  for (const chunk of chunks) {
    state = reader.push(Buffer.from(chunk as string, 'latin1'));
    if (state === 'ended' || state === 'reusable') break;
  }
  const answer = reader.answer();
  return { state, status: answer?.status ?? null, body: Buffer.from(answer?.body ?? []).toString(), answer };
}

const summary = (chunks: readonly (string | Buffer)[]) => {
  const { state, status, body } = read(chunks);
  return { state, status, body };
};

const CRLF = '\r\n';
const lines = (...texts: string[]) => `${texts.join(CRLF)}${CRLF}${CRLF}`;

/** Answers after which the connection is ready for another request. */
const CLEAN: Readonly<Record<string, readonly [answer: string, status: number, body: string]>> = {
  'a length': [`${lines('HTTP/1.1 200 OK', 'Content-Length: 2')}ok`, 200, 'ok'],
  'no body': [lines('HTTP/1.1 202 Accepted', 'Content-Length: 0'), 202, ''],
  'no content': [lines('HTTP/1.1 204 No Content'), 204, ''],
  chunks: [
    `${lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n`,
    200,
    'abcde',
  ],
  'no reason': [`${lines('HTTP/1.1 201', 'content-length:1')}x`, 201, 'x'],
  'HTTP/1.0 that stays open': [
    `${lines('HTTP/1.0 200 OK', 'Connection: keep-alive', 'Content-Length: 1')}x`,
    200,
    'x',
  ],
  'LF alone': ['HTTP/1.1 200 OK\nContent-Length: 2\n\nok', 200, 'ok'],
  'a folded header': [`${lines('HTTP/1.1 200 OK', 'X-A: b', '\tc', 'Content-Length: 2')}ok`, 200, 'ok'],
  '100 Continue that nobody asked for': [
    `${lines('HTTP/1.1 100 Continue')}${lines('HTTP/1.1 200 OK', 'Content-Length: 2')}ok`,
    200,
    'ok',
  ],
  'several interim answers': [
    `${lines('HTTP/1.1 102 Processing')}${lines('HTTP/1.1 103 Early Hints', 'Link: </a>')}${lines('HTTP/1.1 204 X')}`,
    204,
    '',
  ],
  'line ends before the answer': [`\r\n\r\n${lines('HTTP/1.1 204 No Content')}`, 204, ''],
  'an error': [`${lines('HTTP/1.1 500 Oops', 'Content-Length: 4')}boom`, 500, 'boom'],
};

/** Answers that decide, and after which the connection is closed. */
const ODD: Readonly<Record<string, readonly [answer: string, status: number, body: string]>> = {
  'the length twice': [`${lines('HTTP/1.1 200 OK', 'Content-Length: 2', 'Content-Length: 2')}ok`, 200, 'ok'],
  'the length as a list': [`${lines('HTTP/1.1 200 OK', 'Content-Length: 2, 2')}ok`, 200, 'ok'],
  'two lengths': [`${lines('HTTP/1.1 200 OK', 'Content-Length: 9', 'Content-Length: 2')}ok`, 200, 'ok'],
  'a length that is none': [`${lines('HTTP/1.1 200 OK', 'Content-Length: two')}ok`, 200, 'ok'],
  'a negative length': [`${lines('HTTP/1.1 200 OK', 'Content-Length: -1')}ok`, 200, 'ok'],
  'length and chunks': [
    `${lines('HTTP/1.1 200 OK', 'Content-Length: 2', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
    200,
    'ok',
  ],
  'chunks that are none': [
    `${lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}plain\n`,
    200,
    'plain\n',
  ],
  'a chunk without its line end': [
    `${lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}2\r\nokno line end`,
    200,
    'okno line end',
  ],
  trailers: [
    `${lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\nX-T: 1\r\n\r\n`,
    200,
    'ok',
  ],
  'more than the length': [`${lines('HTTP/1.1 200 OK', 'Content-Length: 2')}okay`, 200, 'ok'],
  'a body that must not be': [`${lines('HTTP/1.1 204 No Content', 'Content-Length: 2')}ok`, 204, ''],
  'a line that is no header': [`${lines('HTTP/1.1 200 OK', 'nonsense', 'Content-Length: 2')}ok`, 200, 'ok'],
  'bytes that are no text': [
    `${lines('HTTP/1.1 200 \x00\xff', 'X\x00: \x01', 'no colon', 'Content-Length: 0')}`,
    200,
    '',
  ],
  'Connection: close': [
    `${lines('HTTP/1.1 200 OK', 'Connection: x, Close', 'Content-Length: 2')}ok`,
    200,
    'ok',
  ],
  'HTTP/1.0': [`${lines('HTTP/1.0 200 OK', 'Content-Length: 2')}ok`, 200, 'ok'],
  'another version': [`${lines('HTTP/2 200', 'Content-Length: 2')}ok`, 200, 'ok'],
  'another protocol': [`${lines('HTTP/1.1 101 Switching Protocols', 'Upgrade: x')}`, 101, ''],
};

describe('the answer reader', () => {
  for (const [name, [answer, status, body]] of Object.entries(CLEAN)) {
    test(`${name}: the connection is reusable`, () => {
      assert.deepEqual(summary([answer]), { state: 'reusable', status, body });
    });
  }

  for (const [name, [answer, status, body]] of Object.entries(ODD)) {
    test(`${name}: the status counts, and the connection is closed`, () => {
      assert.deepEqual(summary([answer]), { state: 'ended', status, body });
    });
  }

  test('the status is the same however the bytes are cut into chunks', () => {
    for (const [answer, status] of [...Object.values(CLEAN), ...Object.values(ODD)]) {
      for (let at = 1; at < answer.length; at += 1) {
        assert.equal(read([answer.slice(0, at), answer.slice(at)]).status, status, JSON.stringify(answer));
      }
      assert.equal(read([...answer]).status, status, JSON.stringify(answer));
    }
  });

  test('cut off anywhere behind the status, an answer has the status', () => {
    const start = 'HTTP/1.1 200';
    for (const [answer, status] of [...Object.values(CLEAN), ...Object.values(ODD)]) {
      if (!answer.startsWith(start)) continue;
      for (let at = start.length; at < answer.length; at += 1) {
        assert.equal(read([answer.slice(0, at)]).status, status, JSON.stringify(answer.slice(0, at)));
      }
    }
    assert.equal(read(['HTTP/1.1 20']).status, null);
    assert.equal(read([lines('HTTP/1.1 100 Continue')]).status, null);
  });

  test('a status is decided before the head has ended', () => {
    assert.equal(read(['HTTP/1.1 200 OK']).state, 'waiting');
    assert.equal(read(['HTTP/1.1 200 OK\r\nX-A: 1\r\n']).state, 'decided');
    assert.equal(read(['HTTP/1.1 100 Continue\r\n']).state, 'waiting');
  });

  test('20 kB of headers are read, and of headers without end the status', () => {
    const long = `X-Long: ${'a'.repeat(1000)}`;
    const answer = `${lines('HTTP/1.1 200 OK', ...Array(20).fill(long), 'Content-Length: 2')}ok`;
    assert.deepEqual(summary([answer]), { state: 'reusable', status: 200, body: 'ok' });
    assert.deepEqual(summary([`HTTP/1.1 200 OK\r\n${`${long}\r\n`.repeat(100)}`]), {
      state: 'ended',
      status: 200,
      body: '',
    });
    assert.equal(read([`HTTP/1.1 200 ${'OK'.repeat(100_000)}`]).status, 200);
  });

  test('keeps the beginning of a body, and reads no more than is worth a connection', () => {
    const body = Buffer.alloc(RESPONSE_EXCERPT_BYTES * 20, 'y');
    const whole = read([lines('HTTP/1.1 200 OK', `Content-Length: ${body.length}`), body]);
    assert.equal(whole.state, 'reusable');
    assert.equal(whole.answer?.body.length, RESPONSE_EXCERPT_BYTES);
    assert.equal(whole.answer?.isWhole, false);
    const endless = read([lines('HTTP/1.1 200 OK'), ...Array(100).fill(Buffer.alloc(DRAIN_LIMIT_BYTES / 4))]);
    assert.equal(endless.state, 'ended');
    assert.equal(endless.answer?.body.length, RESPONSE_EXCERPT_BYTES);
  });

  test('gives the values of a header, unfolded and in order', () => {
    const { answer } = read([
      lines('HTTP/1.1 503 X', 'Retry-After: 1', 'Location: /a', ' b', 'RETRY-AFTER:  2 '),
    ]);
    assert.deepEqual(answer?.fields.get('retry-after'), ['1', '2']);
    assert.deepEqual(answer?.fields.get('location'), ['/a b']);
  });

  test('does not wait for a body after HEAD', () => {
    const { state, status } = read([lines('HTTP/1.1 200 OK', 'Content-Length: 9')], true);
    assert.deepEqual({ state, status }, { state: 'ended', status: 200 });
  });

  test('refuses what is not HTTP as soon as that is certain', () => {
    for (const text of [
      '2',
      '220 smtp ready\r\n',
      'HTTP/1.1 OK\r\n',
      'HTTP/1.1 2000 X\r\n',
      'HTTP/1.1 020 X\r\n',
    ]) {
      assert.throws(() => read([text]), { code: 'ERR_NOT_HTTP' }, text);
    }
    assert.equal(read(['HTT']).state, 'waiting');
  });
});
