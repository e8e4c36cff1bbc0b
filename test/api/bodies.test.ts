import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { exchange, rawHead, rawPost } from '../../testkit/raw-http.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { assertProblem, envelope, newKey, request } from './support.ts';

const EMOJI = '😀';

describe('what a body may be', () => {
  let receiver: TestReceiver;
  const suite = suiteCleanup();
  before(async () => {
    receiver = await startReceiver(suite);
  });

  const post = (body: unknown, headers?: readonly string[]) => {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    const bytes = isRaw ? body : JSON.stringify(body);
    return exchange(receiver.port, rawPost(bytes, headers === undefined ? {} : { headers }));
  };
  const isKnown = async (key: unknown) => {
    const query = new URLSearchParams({ idempotency_key: String(key) });
    const { status } = await request(`${receiver.url}/webhooks?${query}`);
    assert.ok(status === 200 || status === 404);
    return status === 200;
  };

  describe('400: what is not JSON', () => {
    const right = JSON.stringify(envelope({ idempotency_key: 'never-stored' }));
    const marked = '{"idempotency_key": "never-stored", "payload": "hunter2" "x"}';
    const bodies: Readonly<Record<string, string | Uint8Array>> = {
      'an empty body': '',
      'white space': ' \r\n\t',
      'a body cut short': right.slice(0, -1),
      'something behind it': `${right}x`,
      'two values': right + right,
      'a byte order mark before it': `\ufeff${right}`,
      'a comma too many': right.replace('}', ',}'),
      'single quotes': right.replaceAll('"', "'"),
      'a comment': `/* */${right}`,
      'a bare word': right.replace('"never-stored"', 'never-stored'),
      NaN: right.replace('"never-stored"', 'NaN'),
      'a raw line break in a string': right.replace('never', 'ne\nver'),
      'a NUL byte behind it': `${right}\0`,
      'an invalid escape': right.replace('never', '\\x41'),
      'UTF-16': Buffer.from(right, 'utf16le'),
      'UTF-16 with a byte order mark': Buffer.from(`\ufeff${right}`, 'utf16le'),
      'Latin-1': Buffer.from(right.replace('never', 'nevér'), 'latin1'),
      'a UTF-8 sequence cut short': Buffer.concat([Buffer.from(right), Buffer.from([0xf0, 0x9f])]),
      'an overlong UTF-8 form': Buffer.concat([Buffer.from([0xc0, 0xa0]), Buffer.from(right)]),
      'a surrogate in UTF-8': Buffer.from(right.replace('never', '\xed\xa0\x80'), 'latin1'),
      'form data': 'idempotency_key=never-stored&event_type=x',
    };
    for (const [name, body] of Object.entries(bodies)) {
      it(name, async () => {
        assertProblem(await post(body), 'malformed_json');
        assert.equal(await isKnown('never-stored'), false);
      });
    }

    it('is said without quoting the body, which may hold secrets', async () => {
      for (const body of [marked, 'hunter2', '"hunter2', Buffer.from('hunter2\xff', 'latin1')]) {
        const answer = await post(body);
        const { detail } = assertProblem(answer, 'malformed_json');
        assert.doesNotMatch(answer!.text(), /hunter/);
        assert.match(detail, /^The body is not (JSON|UTF-8)/);
      }
    });
  });

  describe('415: what is not said to be JSON', () => {
    const refused: readonly (readonly string[])[] = [
      [],
      ['Content-Type:'],
      ['Content-Type: text/plain'],
      ['Content-Type: text/json'],
      ['Content-Type: application/x-www-form-urlencoded'],
      ['Content-Type: multipart/form-data; boundary=x'],
      ['Content-Type: application/jsonp'],
      ['Content-Type: application/json2; charset=utf-8'],
      ['Content-Type: xapplication/json'],
      ['Content-Type: image/svg+json+xml'],
      ['Content-Type: text/plain', 'Content-Type: application/json'],
      ['Content-Type: application/json', 'Content-Encoding: gzip'],
      ['Content-Type: application/json', 'content-encoding: br'],
      ['Content-Type: application/json', 'Content-Encoding: identity, gzip'],
      ['Content-Type: application/json', 'Content-Encoding: identity', 'Content-Encoding: gzip'],
    ];
    for (const headers of refused) {
      it(headers.join(' | ') || 'no content type', async () => {
        const body = envelope();
        assertProblem(await post(body, headers), 'unsupported_media_type');
        assert.equal(await isKnown(body.idempotency_key), false);
      });
    }

    const taken: readonly (readonly string[])[] = [
      ['content-type: application/json'],
      ['CONTENT-TYPE: APPLICATION/JSON'],
      ['Content-Type: application/json; charset=utf-8'],
      ['Content-Type: application/json ;charset="UTF-8"'],
      ['Content-Type: application/cloudevents+json'],
      ['Content-Type: application/vnd.api+json; profile=x'],
      ['Content-Type: application/json', 'Content-Encoding: identity'],
      ['Content-Type: application/json', 'Content-Type: text/plain'],
    ];
    for (const headers of taken) {
      it(`but takes ${headers.join(' | ')}`, async () => {
        assert.equal((await post(envelope(), headers))?.status, 202);
      });
    }
  });

  describe('422: what has another shape', () => {
    const NAMES = ['idempotency_key', 'event_type', 'payload'] as const;
    const cases: [name: string, body: unknown, fields: string[]][] = [];
    for (const value of [[], [{}], null, 'text', '', 1, true]) {
      cases.push([`a body of ${JSON.stringify(value)}`, JSON.stringify(value), ['']]);
    }
    cases.push(['an empty object', {}, NAMES.map((name) => `/${name}`)]);
    for (const name of NAMES) {
      cases.push([`no ${name}`, envelope({ [name]: undefined }), [`/${name}`]]);
      cases.push([`another spelling of ${name}`, respelled(name), [`/${name}`]]);
    }
    for (const name of ['idempotency_key', 'event_type']) {
      const of = (what: string, value: unknown) =>
        cases.push([`${name}: ${what}`, envelope({ [name]: value }), [`/${name}`]]);
      for (const value of [null, 1, true, [], ['x'], {}]) of(JSON.stringify(value), value);
      of('empty', '');
      of('256 characters', 'x'.repeat(256));
      of('256 emoji', EMOJI.repeat(256));
      of('a very long text', 'x'.repeat(100_000));
      of('a NUL', 'a\0b');
      of('an unpaired surrogate', 'a\ud800b');
      of('surrogates in the wrong order', '\ude00\ud83d');
    }
    for (const value of [null, 'text', 1, false, [], [{}]]) {
      cases.push([`payload: ${JSON.stringify(value)}`, envelope({ payload: value }), ['/payload']]);
    }
    cases.push([
      'everything wrong',
      { idempotency_key: 1, event_type: '', payload: [] },
      NAMES.map((name) => `/${name}`),
    ]);

    for (const [name, body, fields] of cases) {
      it(name, async () => {
        const { errors } = assertProblem(await post(body), 'invalid');
        assert.deepEqual(
          errors?.map(({ field }) => field),
          fields,
        );
        for (const error of errors ?? []) {
          assert.deepEqual(Object.keys(error), ['field', 'message']);
          assert.ok(error.message.length > 0 && error.message.length < 200, error.message);
        }
        const key = (body as { idempotency_key?: unknown }).idempotency_key;
        if (typeof key === 'string' && key.length > 0 && key.length < 1000 && key.isWellFormed()) {
          assert.equal(await isKnown(key), false);
        }
      });
    }
  });

  describe('202: what is a little odd, and right', () => {
    const texts: Readonly<Record<string, string>> = {
      'one character': '1',
      '255 characters': 'x'.repeat(255),
      '255 emoji': EMOJI.repeat(255),
      'white space': '  ',
      'control characters': '\u0001\t\r\n\u007f',
      'the name of a prototype': '__proto__',
      'the name of a constructor': 'constructor',
      'combining characters': 'e\u0301'.repeat(100),
      'bidirectional marks': '\u202eabc\u202c',
      'U+FFFF': '\uffff',
    };
    for (const [name, text] of Object.entries(texts)) {
      it(`a key and type of ${name}`, async () => {
        const body = envelope({ idempotency_key: text, event_type: text });
        const answer = await post(body);
        assert.ok(answer?.status === 202, answer?.text() ?? '');
        assert.equal((answer.json() as { idempotency_key: string }).idempotency_key, text);
        assert.equal(await isKnown(text), true);
      });
    }

    const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    const payloads: Readonly<Record<string, string>> = {
      empty: '{}',
      'huge numbers': `{"a": 1e999, "b": -1e-999, "c": ${'9'.repeat(1000)}}`,
      'duplicate members': '{"a": 1, "a": 2}',
      'members of a prototype':
        '{"__proto__": {"x": 1}, "constructor": {"prototype": {"y": 2}}, "toString": 1}',
      'nesting of 10,000': deep(10_000),
      'an unpaired surrogate': '{"a": "\\ud800"}',
      'a NUL': '{"a": "\\u0000"}',
      'the name of a member that is empty': '{"": {"": {}}}',
    };
    for (const [name, payload] of Object.entries(payloads)) {
      it(`a payload with ${name}`, async () => {
        const key = newKey();
        const answer = await post(`{"idempotency_key":"${key}","event_type":"x","payload":${payload}}`);
        assert.ok(answer?.status === 202, answer?.text() ?? '');
      });
    }

    it('further members, which mean nothing', async () => {
      assert.equal((await post(envelope({ id: 5, source: 'orders', status: 'failed' })))?.status, 202);
      const key = newKey();
      const body = `{"__proto__": {"idempotency_key": 1}, "idempotency_key": "${key}", "event_type": "x", "payload": {}}`;
      assert.equal((await post(body))?.status, 202);
      assert.equal(await isKnown(key), true);
      assertProblem(await post(`{"__proto__": ${JSON.stringify(envelope())}}`), 'invalid');
    });

    it('the last of members with the same name, as JSON parsers do', async () => {
      const [first, last] = [newKey(), newKey()];
      const members = `"idempotency_key": "${first}", "event_type": "x", "payload": [], "payload": {}`;
      assert.equal((await post(`{${members}, "idempotency_key": "${last}"}`))?.status, 202);
      assert.deepEqual([await isKnown(first), await isKnown(last)], [false, true]);
    });

    it('escapes and white space anywhere', async () => {
      const key = newKey();
      const body = `\r\n{ "idempotency\\u005fkey" : "${key}\\ud83d\\ude00" ,\t"event_type":"\\u0078","payload" : { } } \n`;
      assert.equal((await post(body))?.status, 202);
      assert.equal(await isKnown(`${key}${EMOJI}`), true);
    });

    it('a chunked body, in any pieces', async () => {
      const body = envelope({ event_type: EMOJI });
      const bytes = Buffer.from(JSON.stringify(body));
      const head = rawHead('POST', '/webhooks', [
        'Content-Type: application/json',
        'Transfer-Encoding: chunked',
      ]);
      const pieces = [...bytes].map((byte) => `1\r\n${String.fromCharCode(byte)}\r\n`);
      const answer = await exchange(receiver.port, head, ...pieces, '0\r\n\r\n');
      assert.equal(answer?.status, 202);
      assert.equal(await isKnown(body.idempotency_key), true);
    });
  });
});

function respelled(name: string): Record<string, unknown> {
  const { [name]: value, ...rest } = envelope();
  return { ...rest, [name.toUpperCase()]: value };
}
