import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeStrictly, encode } from './read/decode.ts';
import { parsePointer, resolveAll, resolvePointer } from './read/json-pointer.ts';
import { parseJson } from './read/parse-json.ts';
import { parseUrlencoded } from './read/parse-urlencoded.ts';
import { parseForm } from './read/signed-request.ts';
import { decodedUrl, pathOf, withoutPort, withoutQuery, withPort } from './read/url-forms.ts';
import { ENCODINGS, type KeyRule } from './scheme.ts';
import { decodeHtml, makeKey } from './schemes/key-rule.ts';
import { sameText } from './schemes/same-text.ts';

describe('strict decoding', () => {
  it('takes what encoding gives, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1 }),
        fc.constantFrom(...ENCODINGS),
        fc.string(),
        (bytes, encoding, junk) => {
          const text = encode(Buffer.from(bytes), encoding);
          assert.deepEqual(decodeStrictly(text, encoding), Buffer.from(bytes));
          const other = decodeStrictly(text + junk, encoding);
          assert.ok(other === null || encode(other, encoding) === text + junk);
        },
      ),
    );
  });

  const refused: readonly [string, (typeof ENCODINGS)[number], string][] = [
    ['', 'hex', 'an empty text'],
    ['AB', 'hex', 'upper case'],
    ['ab', 'HEX', 'lower case'],
    ['abc', 'hex', 'half a byte'],
    ['ab ', 'hex', 'a space'],
    ['0xab', 'hex', 'a prefix'],
    ['YQ', 'base64', 'no padding'],
    ['YQ=', 'base64', 'half the padding'],
    ['YR==', 'base64', 'spare bits'],
    ['_-_-', 'base64', 'the alphabet of base64url'],
    ['YQ==', 'base64url', 'padding'],
    ['+/+/', 'base64url', 'the alphabet of base64'],
    ['YR', 'base64url', 'spare bits'],
    ['YQ==\n', 'base64', 'a line end'],
    ['YWJj\u0141', 'base64', 'a character that Latin-1 would cut'],
  ];
  for (const [text, encoding, what] of refused) {
    it(`refuses ${what} in ${encoding}`, () => assert.equal(decodeStrictly(text, encoding), null));
  }

  it('compares characters that share their lower byte as different', () => {
    assert.equal(sameText('\u0131', '1'), false);
    assert.equal(sameText('a', 'a'), true);
    assert.equal(sameText('é', 'ab'), false);
  });
});

describe('form bodies', () => {
  const form = (type: string, body: string) => {
    const fields = parseForm(type.split(';')[0]!, type, Buffer.from(body));
    return fields === undefined ? undefined : Object.fromEntries(fields);
  };
  const multipart = (...parts: string[]) => `${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`;
  const field = (name: string, value: string) =>
    `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`;

  it('keeps repeated fields', () => {
    assert.deepEqual(form('', 'a=1&b=%2B+%C3%A9&a=2&c'), { a: ['1', '2'], b: ['+ é'], c: [''] });
  });
  it('is no form if an escape is not UTF-8', () => {
    assert.deepEqual(parseUrlencoded('+a=+\u062b\u2b00+%2B'), new Map([[' a', [' \u062b\u2b00 +']]]));
    assert.equal(parseUrlencoded('a=%ff'), undefined);
    assert.equal(parseUrlencoded('a=%zz'), undefined);
    assert.equal(parseForm('', '', Buffer.from([0x61, 0x3d, 0xff])), undefined);
  });
  it('is no form if the content type is another', () =>
    assert.equal(form('application/json', 'a=1'), undefined));
  it('reads multipart fields and leaves files out', () => {
    const file =
      'Content-Disposition: form-data; name="f"; filename="x.txt"\r\nContent-Type: text/plain\r\n\r\nz';
    const body = multipart(field('json', '{"a":\r\n1}'), file, field('json', 'two'));
    assert.deepEqual(form('multipart/form-data; boundary=b', body), { json: ['{"a":\r\n1}', 'two'] });
    assert.deepEqual(form('multipart/form-data; boundary="b"', `preamble\r\n${body}`), {
      json: ['{"a":\r\n1}', 'two'],
    });
  });
  it('is no form if multipart is cut, or has no boundary', () => {
    const body = multipart(field('a', '1'));
    assert.equal(form('multipart/form-data; boundary=b', body.slice(0, -6)), undefined);
    assert.equal(form('multipart/form-data', body), undefined);
    assert.equal(form('multipart/form-data; boundary=b', multipart('no head')), undefined);
    assert.equal(form('multipart/form-data; boundary=b', '--b\r\n\r\n'.repeat(2000)), undefined);
  });
  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), (bytes, text) => {
        parseForm(
          'multipart/form-data',
          'multipart/form-data; boundary=b',
          Buffer.concat([Buffer.from('--b\r\n'), bytes]),
        );
        parseForm('', text, bytes);
      }),
    );
  });
});

describe('JSON', () => {
  it('keeps whole numbers that JavaScript would round', () => {
    assert.deepEqual(parseJson('{"id":9007199254740993}'), { id: 9007199254740993n });
    assert.deepEqual(parseJson('[ 1, 12345678901234567890 ]'), [1, 12345678901234567890n]);
    assert.deepEqual(parseJson('{"a":"1234567890123456789","b":1.5}'), { a: '1234567890123456789', b: 1.5 });
    assert.equal(parseJson('{'), undefined);
  });
  it('is pointed into by its own members only', () => {
    const value = { a: [{ b: 1 }, { b: 2 }, {}], 'x/y~z': 3 };
    assert.equal(resolvePointer(value, parsePointer('/x~1y~0z')!), 3);
    assert.equal(resolvePointer(value, parsePointer('/a/1/b')!), 2);
    for (const pointer of ['/a/01/b', '/a/length', '/constructor', '/__proto__', '/a/-1', '/x']) {
      assert.equal(resolvePointer(value, parsePointer(pointer)!), undefined, pointer);
    }
    assert.deepEqual(resolveAll(value, parsePointer('/a/*/b')!), [1, 2]);
    assert.deepEqual(resolveAll({ a: {} }, parsePointer('/a/*/b')!), []);
    for (const pointer of ['a', '/a~2', '/~']) assert.equal(parsePointer(pointer), null);
  });
});

describe('forms of a URL', () => {
  const forms = (url: string) => [withPort(url), withoutPort(url), withoutQuery(url), pathOf(url)];
  it('are made without rewriting the rest', () => {
    assert.deepEqual(forms('https://u:p@h.example:8443/A%2f?x=%7e#y'), [
      'https://u:p@h.example:8443/A%2f?x=%7e#y',
      'https://u:p@h.example/A%2f?x=%7e#y',
      'https://u:p@h.example:8443/A%2f',
      '/A%2f',
    ]);
    assert.deepEqual(forms('http://[::1]?x=http://a:1/'), [
      'http://[::1]:80?x=http://a:1/',
      'http://[::1]?x=http://a:1/',
      'http://[::1]',
      '/',
    ]);
  });
  it('decodes just what HubSpot does', () => {
    assert.equal(
      decodedUrl('https://h/%3a%2F%3F%40%21%24%27%28%29%2A%2C%3B%20%26%3D'),
      "https://h/:/?@!$'()*,;%20%26%3D",
    );
  });
});

describe('keys of secrets', () => {
  const bytes = (secret: string, rule: KeyRule) => {
    const key = makeKey(secret, rule);
    return key.ok ? key.value.export().toString('latin1') : key.problem;
  };
  it('are what the rule says', () => {
    assert.equal(bytes('whsec_YWJj', { strip: 'whsec_', enc: 'base64' }), 'abc');
    assert.equal(bytes('YWJj', { strip: 'whsec_', enc: 'base64' }), 'abc');
    assert.equal(bytes('6A6b', { enc: 'hex' }), 'jk');
    assert.equal(bytes('a &amp; b', { derive: 'html' }), 'a & b');
    assert.equal(bytes('é', { derive: 'nfkd' }), Buffer.from('e\u0301').toString('latin1'));
    assert.equal(bytes('abc', { derive: 'sha1' }).length, 20);
  });
  it('are refused if they do not decode, or are empty', () => {
    const rule: KeyRule = { strip: 'whsec_', enc: 'base64', bytes: [24, 64] };
    assert.match(bytes('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS', rule), /not "whsec_" and base64/);
    assert.match(bytes('whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', rule), /not "whsec_" and base64/);
    assert.match(bytes('whsec_YWJj', rule), /3 bytes, 24 to 64/);
    assert.match(bytes('whsec_', { strip: 'whsec_', enc: 'base64' }), /empty/);
    assert.match(bytes('abc', { enc: 'hex' }), /not hex/);
  });
  it('decode the entities of WordPress once', () => {
    assert.equal(
      decodeHtml('&amp;lt; &#039; &#x27; &quot; &#38; &eacute; &#233;'),
      "&lt; ' ' \" & &eacute; &#233;",
    );
  });
});
