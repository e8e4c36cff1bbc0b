import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSeededRandom, testSeeds } from '../../testkit/seeded-random.ts';
import { FILTER_LIMITS, type Filter } from './filter.ts';
import { printFilter } from './print-filter.ts';
import { describeMistake, readFilter } from './read-filter.ts';
import { randomFilter, TEXTS } from './testing.ts';

const ID = '019a0000-0000-7000-8000-000000010000';

function read(text: string): Filter {
  const reading = readFilter(text);
  assert.equal(
    reading.kind,
    'read',
    reading.kind === 'mistaken' ? `${text}: ${describeMistake(reading.mistake)}` : '',
  );
  return reading.kind === 'read' ? reading.filter : [];
}

/** Texts and the one text of the same filter. */
const CANONICAL: readonly (readonly [text: string, canonical: string])[] = [
  ['', ''],
  [' \t\n ', ''],
  ['source:stripe', 'source:stripe'],
  ['source:"stripe"', 'source:stripe'],
  ['source:str"i"pe', 'source:stripe'],
  ['status:failed,pending  -destination:crm', 'status:failed,pending -destination:crm'],
  ['type:order.*', 'type:order.*'],
  ['type:"order.*"', 'type:"order.*"'],
  ['type:"a b"*"c"', 'type:"a b"*c'],
  ['type:*', 'type:*'],
  ['key:"a,b",c', 'key:"a,b",c'],
  [`id:${ID.toUpperCase()}`, `id:${ID}`],
  ['http:5XX,503,none', 'http:5xx,503,none'],
  ['error:"HTTP 500"', 'error:"HTTP 500"'],
  ['error~refused', 'error~"refused"'],
  ['since:120m', 'since:2h'],
  ['since:90m', 'since:90m'],
  ['until:14d', 'until:2w'],
  ['since:0s', 'since:0w'],
  ['until:2026-11-01T10:00Z', 'until:2026-11-01T10:00Z'],
  ['until:2026-11-01', 'until:2026-11-01T00:00Z'],
  ['until:2026-11-01T10:00:01+02:00', 'until:2026-11-01T08:00:01Z'],
  ['until:2026-11-01t10:00:00.5z', 'until:2026-11-01T10:00:00.500Z'],
  ['replay:no', 'replay:no'],
  ['order:42', 'order:42'],
  ['body~"pi_3N"', 'body~"pi_3N"'],
  ['-body~pi_3N,"a \\"b\\" \\\\"', '-body~"pi_3N","a \\"b\\" \\\\"'],
  ['body:/data/object/id=pi_3N', 'body:/data/object/id=pi_3N'],
  ['body:/a~1b/~0~"10"', 'body:/a~1b/~0~"10"'],
  ['body:"/a b=c"=d', 'body:"/a b=c"=d'],
  ['header:X-Shop=a', 'header:x-shop=a'],
  ['search:order=42,"a b"', 'search:order=42,"a b"'],
  ['header:x-shop~a', 'header:x-shop~"a"'],
];

/** Mistakes: the filter, the place that is pointed at, and what is said. */
const MISTAKES: readonly (readonly [text: string, at: number, says: RegExp])[] = [
  ['pi_3N', 0, /"pi_3N" is no term; expected .*body~"text"/],
  ['status:failed pi 3', 14, /"pi" is no term/],
  ['sorce:a', 0, /no field "sorce"; expected source, the nearest/],
  ['-sorce:a', 1, /no field "sorce"/],
  ['constructor:a', 0, /no field "constructor"/],
  ['__proto__:a', 0, /no field "__proto__"/],
  ['source:', 7, /a value is missing; expected the name of a source/],
  ['source: a', 7, /a value is missing/],
  ['source:a,', 9, /a value is missing/],
  ['source:""', 7, /the value is empty/],
  ['source:"a', 7, /the quote is not closed/],
  ['key:"a\\n"', 6, /a backslash in quotes has to be escaped/],
  ['key:a"', 5, /the quote is not closed/],
  ['key:“a”', 4, /“ is no plain quote/],
  ['status:failed\u00a0type:a', 13, /U\+00A0 is no plain space/],
  ['key:a*', 5, /\* is a wildcard in type: alone; expected quotes/],
  ['source:a,"b*",c*', 15, /\* is a wildcard/],
  ['body~a*', 6, /\* is a wildcard/],
  ['key:/a.*/', 4, /regular expressions are not taken/],
  ['body~/pi_\\d+/i', 5, /regular expressions are not taken/],
  ['type:/order\\..*/', 5, /regular expressions are not taken/],
  ['status:faild', 7, /"faild" is no status; expected .*nearest is failed/],
  ['http:600', 5, /"600" is no HTTP status/],
  ['http:>500', 5, /is no HTTP status/],
  ['id:42', 3, /"42" is no id/],
  [`id:${ID.slice(0, -1)}1`, 3, new RegExp(`id of a delivery; expected the id of its event: ${ID}`)],
  ['replay:maybe', 7, /neither yes nor no/],
  ['replay:yes,no', 11, /one value too many/],
  ['since:yesterday', 6, /"yesterday" is no time/],
  ['since:2026-02-30', 6, /is no time/],
  ['since:2026-11-01T10:00', 6, /is no time; expected .*with its zone/],
  ['-since:2h', 0, /since is not negated; expected until/],
  ['since:1h,2h', 9, /one time too many/],
  ['key~a', 0, /key is compared as a whole/],
  ['body:"text"', 0, /a body is not compared as a whole; expected body~"text"/],
  ['body:/a', 7, /a value is missing/],
  ['body:/id~10', 11, /a value is missing; expected .*~0 and ~1/],
  ['body:"/a~2"=b', 8, /the ~ of a JSON Pointer is not escaped/],
  ['body:/items/*/id=a', 12, /\* is no wildcard in a JSON Pointer/],
  [`body:${'/a'.repeat(1000)}=b`, 5, /the JSON Pointer has 1000 parts; expected at most 32/],
  ['search:=a', 7, /a search key is missing/],
  ['search:order~a', 12, /a value is missing; expected = and the whole value/],
  ['header:=a', 7, /a header is missing/],
  ['header~a', 0, /a header is missing/],
  ['header:x-shop', 13, /a value is missing/],
  ['key:a\0', 5, /NUL/],
  ['key:\ud800', 4, /lone surrogate/],
  [
    `key:${'a'.repeat(10_000)}`,
    FILTER_LIMITS.chars,
    /the filter has 10004 characters; expected at most 4096/,
  ],
  [`key:${Array(51).fill('a').join()}`, 4, /the list has 51 values; expected at most 50/],
  [Array(33).fill('key:a').join(' '), 32 * 6, /more than 32 terms/],
];

describe('readFilter', () => {
  it('reads every form, and the printer writes one of them', () => {
    for (const [text, canonical] of CANONICAL) {
      const filter = read(text);
      assert.equal(printFilter(filter), canonical);
      assert.deepEqual(read(canonical), filter, canonical);
    }
  });

  it('points at a mistake and says what was expected', () => {
    for (const [text, at, says] of MISTAKES) {
      const reading = readFilter(text);
      assert.equal(reading.kind, 'mistaken', text.slice(0, 80));
      if (reading.kind !== 'mistaken') continue;
      assert.match(describeMistake(reading.mistake), says);
      assert.equal(reading.mistake.at, at, `${text.slice(0, 80)}: ${describeMistake(reading.mistake)}`);
    }
  });

  it('reads what the printer writes as the same filter', () => {
    for (const seed of testSeeds([1, 2, 3])) {
      const random = createSeededRandom(seed);
      const material = { ids: [ID], keys: TEXTS, timesMs: [0, 1, 1_700_000_000_000, 253_402_300_799_999] };
      for (let round = 0; round < 3_000; round++) {
        const filter = randomFilter(random, material);
        const text = printFilter(filter);
        if (text.length > FILTER_LIMITS.chars) continue;
        assert.deepEqual(read(text), filter, `seed ${seed}: ${text}`);
      }
    }
  });

  it('ends for any text', () => {
    for (const seed of testSeeds([4])) {
      const random = createSeededRandom(seed);
      const pieces = [
        'body',
        'type',
        ':',
        '~',
        '"',
        '\\',
        '/',
        '*',
        ',',
        ' ',
        '-',
        '=',
        'since',
        '2h',
        'ä',
        '~1',
        'header:x',
      ];
      for (let round = 0; round < 20_000; round++) {
        const text = Array.from({ length: random.int(12) }, () => random.pick(pieces)).join('');
        const reading = readFilter(text);
        if (reading.kind === 'read') {
          assert.deepEqual(read(printFilter(reading.filter)), reading.filter, `seed ${seed}: ${text}`);
        } else assert.ok(reading.mistake.at <= text.length, `seed ${seed}: ${text}`);
      }
    }
  });
});
