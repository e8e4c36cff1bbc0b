import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BIGINT_DIGITS_MAX } from '../limits.ts';
import { resolveAll, resolveComplete, resolvePointer, textOf } from './json-pointer.ts';
import { LazyJson, readLazyJson } from './lazy-json.ts';
import { parseJson, readJson } from './parse-json.ts';

const read = (text: string) => readLazyJson(Buffer.from(text));

/** All of a lazy value, as JSON.parse would have built it. */
function built(value: unknown): unknown {
  if (!(value instanceof LazyJson)) return value;
  if (value.isArray) {
    const items: unknown[] = [];
    value.forEachItem((item) => items.push(built(item)) > 0);
    return items;
  }
  const names: string[] = [];
  for (let name = value.nameBesides(names); name !== null; name = value.nameBesides(names)) names.push(name);
  return Object.fromEntries(names.map((name) => [name, built(value.member(name))]));
}

function parsed(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

describe('a JSON text that is read without being built', () => {
  it('reads a container once, however many pointers lead through it', () => {
    const filler = Array.from({ length: 1500 }, (_, at) => `"\\u006b${at}":0,"i":1,"idd":2,"\\u0069d":${at}`);
    for (const members of ['"id":7', filler.join()]) {
      const found = read(`{"a":{${members}}}`);
      assert.ok(found.ok);
      const value = found.value as LazyJson;
      assert.equal(value.member('a'), value.member('a'));
      assert.equal(resolvePointer(value, ['a', 'id']), members === '"id":7' ? 7 : 1499);
      assert.equal(resolvePointer(value, ['a', 'none']), undefined);
    }
  });

  it('finds a member by its name, however the name is escaped', () => {
    const unit = fc.constantFrom(
      'a',
      '"',
      '\\',
      '/',
      '\n',
      '\t',
      '\b',
      '\f',
      '\r',
      '\u0000',
      'é',
      'ﷺ',
      '😀',
      '\ud800',
    );
    const name = fc.array(unit, { maxLength: 4 }).map((units) => units.join(''));
    const escaped = (text: string) =>
      Array.from(
        { length: text.length },
        (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`,
      ).join('');
    fc.assert(
      fc.property(name, name, fc.boolean(), (one, other, upper) => {
        const inHex = upper ? escaped(one).toUpperCase().replaceAll('\\U', '\\u') : escaped(one);
        for (const written of [
          JSON.stringify(one),
          `"${inHex}"`,
          JSON.stringify(one).replaceAll('/', '\\/'),
        ]) {
          const text = `{${written}:1}`;
          const found = read(text);
          assert.ok(found.ok);
          const wrapped = read(`[${text}]`);
          assert.ok(wrapped.ok);
          const expected = (parsed(text)!.value as Record<string, unknown>)[other];
          assert.equal(resolvePointer(wrapped.value, ['0', other]), expected);
          assert.equal(resolvePointer(wrapped.value, ['0', one]), 1);
        }
      }),
    );
  });

  it('makes a bigint of at most 1000 digits, and a text of more', () => {
    for (const digits of [1000, 1001]) {
      const number = '7'.repeat(digits);
      const found = read(`{"id":${number}}`);
      assert.ok(found.ok);
      const id = resolvePointer(found.value, ['id']);
      assert.equal(typeof id, digits === BIGINT_DIGITS_MAX ? 'bigint' : 'string');
      assert.equal(textOf(id), number);
    }
  });

  it('has the values of parseJson when the whole text is a long number', () => {
    for (const text of ['-9007199254740992', '90071992547409931']) {
      const found = read(text);
      assert.ok(found.ok);
      assert.equal(found.value, parseJson(text));
    }
  });

  it('has the values of JSON.parse, whatever it is', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom(0, 1, 2), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), null, indent);
        const found = read(text);
        assert.ok(found.ok);
        assert.deepEqual(built(found.value), parseJson(text));
      }),
    );
  });

  it('is refused where JSON.parse refuses it', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"\\u00e4"',
      '"\\x"',
      '"\n"',
      '1',
      '-',
      '0',
      '.5',
      'e1',
      'tru',
    ];
    const piece = fc.constantFrom(...pieces, 'true', 'null', ' ', '\n', '"', '\\', '"__proto__"', '\ufeff');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (list) => {
        const text = list.join('');
        const found = read(text);
        assert.equal(found.ok, parsed(text) !== null, JSON.stringify(text));
        if (found.ok) assert.deepEqual(built(found.value), JSON.parse(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('says where it stops being JSON', () => {
    for (const [text, offset] of [
      ['{"a":1,}', 7],
      ['[1 2]', 3],
      ['{"a"', 4],
      ['"\\q"', 2],
      ['01', 1],
      ['', 0],
      ['nul', 3],
    ] as const) {
      assert.deepEqual(read(text), { ok: false, offset }, text);
    }
  });

  it('keeps the last of several members, and every digit of a number', () => {
    const found = read('{"a":1,"b":{"a":2},"\\u0061":12345678901234567890,"c":1.5}');
    assert.ok(found.ok && found.value instanceof LazyJson);
    assert.equal(found.value.member('a'), 12345678901234567890n);
    assert.equal(found.value.member('c'), 1.5);
    assert.equal(found.value.member('toString'), undefined);
  });

  it('finds members beyond those that are remembered', () => {
    const many = Array.from({ length: 5000 }, (_, at) => `"k${at}":${at}`);
    const found = read(`{${[...many, '"k1":"again"'].join(',')}}`);
    assert.ok(found.ok && found.value instanceof LazyJson);
    assert.deepEqual(
      ['k1', 'k4999', 'k5000'].map((name) => (found.value as LazyJson).member(name)),
      ['again', 4999, undefined],
    );
  });

  it('is nested as deep as its bytes allow', () => {
    const depth = 100_000;
    const text = `${'[{"a":'.repeat(depth)}12345678901234567${'}]'.repeat(depth)}`;
    const small = parseJson(`{"d":${'['.repeat(20_000)}${']'.repeat(20_000)},"k":12345678901234567}`);
    assert.equal(textOf(resolvePointer(small, ['k'])), '12345678901234567');
    assert.ok(read(text).ok);
    assert.equal(read(text.slice(0, -1)).ok, false);
  });
});

describe('a large body', () => {
  const filler = 'x'.repeat(100_000);
  const small =
    '{"list":[{"id":"1","n":[1,2]},{"id":"2","n":[3]},{"n":[]}],"id":12345678901234567,"o":{"p":null}}';
  const large = `{"filler":"${filler}",${small.slice(1)}`;

  it('has the same values at every path as a small one', () => {
    const [one, other] = [readJson(Buffer.from(small)), readJson(Buffer.from(large))];
    assert.ok(other instanceof LazyJson);
    for (const path of [
      'id',
      'list/0/id',
      'list/*/id',
      'list/*/n/*',
      'list/3/id',
      'list/01/id',
      'o/p',
      'o/*',
      'x/y',
    ]) {
      const parts = path.split('/');
      assert.deepEqual(resolveAll(other, parts), resolveAll(one, parts), path);
      assert.deepEqual(resolveComplete(other, parts), resolveComplete(one, parts), path);
    }
  });

  it('of the worst shapes takes little time and memory', () => {
    for (const unit of ['{},', '1,', '[],', '{"a":1234567890123456},', '"",']) {
      const body = Buffer.from(
        `{"a":[${unit.repeat(Math.floor((8 * 1024 * 1024) / unit.length))}0],"k":"v"}`,
      );
      const before = process.memoryUsage().heapUsed;
      const value = readJson(body);
      assert.equal(textOf(resolvePointer(value, ['k'])), 'v');
      assert.ok(process.memoryUsage().heapUsed - before < 8 * 1024 * 1024, unit);
    }
  });
});
