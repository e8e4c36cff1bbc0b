import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PROVIDERS } from '../providers/index.ts';
import { asTemplate } from '../read/locate.ts';
import { type SignedRequest, viewOf } from '../read/signed-request.ts';
import { type IdentityRules, identify } from './identify.ts';

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');

function request(body: string | Uint8Array, headers: readonly string[] = []): SignedRequest {
  return { method: 'POST', url: 'https://h.example/in?q=1', headers, body: Buffer.from(body) };
}

function named(rules: Partial<IdentityRules>, given: SignedRequest, nowMs = 1_760_000_000_000) {
  return identify({ idempotencyKey: [], eventType: [], ...rules }, given, nowMs);
}

describe('the identity of an event', () => {
  it('is the first name whose parts are all there', () => {
    const rules = {
      idempotencyKey: ['{header:X-Id}:{body:/a}', '{body:/id}'],
      eventType: ['{body:/t}.{query:q}'],
    };
    const one = named(rules, request('{"id":9007199254740993,"a":true,"t":"x"}', ['x-id', '7']));
    assert.deepEqual(one, {
      idempotencyKey: '7:true',
      ...{ madeOf: 'id', windowSeconds: null, formerKeys: [] },
      eventType: 'x.1',
      replayKey: null,
    });
    assert.equal(named(rules, request('{"id":9007199254740993}')).idempotencyKey, '9007199254740993');
    const empty = named(rules, request('{"id":""}', ['x-id', '']));
    assert.deepEqual([empty.idempotencyKey, empty.eventType], [`sha256:${sha256('{"id":""}')}`, 'unknown']);
  });

  it('is not that of a header that came twice, or of a value that is no text', () => {
    const rules = { idempotencyKey: ['{header:X-Id}', '{body:/id}'] };
    const body = '{"id":{}}';
    assert.equal(
      named(rules, request(body, ['X-Id', 'a', 'x-id', 'b'])).idempotencyKey,
      `sha256:${sha256(body)}`,
    );
  });

  it('joins lists by commas', () => {
    const rules = { idempotencyKey: ['{body:/e/*/id}'], eventType: ['{body:/e/*/t}'] };
    const one = named(rules, request('{"e":[{"id":1,"t":"a"},{"id":2},{"id":3,"t":"b"}]}'));
    assert.deepEqual([one.idempotencyKey, one.eventType], ['1,2,3', 'a,b']);
    assert.equal(named(rules, request('{"e":[]}')).eventType, 'unknown');
  });

  it('has each item of a type once, and of a key as often as it came', () => {
    const rules = {
      idempotencyKey: ['{body:/*/id}'],
      eventType: ['{body:/*/kind}.{body:/*/event}'],
      replayKey: '{body:/*/event}',
    };
    const items = [
      { id: 1, kind: 'mail', event: 'open' },
      { id: 1, kind: 'mail', event: 'click' },
      { id: 2, kind: 'mail', event: 'open' },
    ];
    assert.deepEqual(named(rules, request(JSON.stringify(items))), {
      idempotencyKey: '1,1,2',
      ...{ madeOf: 'id', windowSeconds: null, formerKeys: [] },
      eventType: 'mail.open,click',
      replayKey: 'open,click,open',
    });
    const sendgrid = { eventType: ['{body:/*/event}'] };
    assert.equal(named(sendgrid, request('[{"event":"open"},{"event":"open"}]')).eventType, 'open');
  });

  it('has a name for the time, and for a member', () => {
    const rules = { idempotencyKey: ['{body_sha256_hex}:{received_10s}'], eventType: ['{key:update_id}'] };
    const one = named(rules, request('{"update_id":1,"message":{}}'), 1_760_000_019_999);
    assert.equal(one.idempotencyKey, `${sha256('{"update_id":1,"message":{}}')}:176000001`);
    assert.equal(one.eventType, 'message');
  });

  it('reads XML, plain or in a field', () => {
    const rules = { eventType: ['{xml:kind}'] };
    const xml = '<n><kind type="x">a &amp; b</kind><kind>c</kind></n>';
    assert.equal(named(rules, request(xml)).eventType, 'a & b');
    const field = `x=1&p=${encodeURIComponent(Buffer.from(xml).toString('base64'))}`;
    assert.equal(named(rules, request(field)).eventType, 'a & b');
  });

  it('is bounded, and what cannot be stored becomes its hash', () => {
    const rules = { idempotencyKey: ['{body:/id}'], eventType: ['{body:/id}'], replayKey: '{body:/id}' };
    const of = (id: string) => named(rules, request(JSON.stringify({ id })));
    assert.equal(of('é'.repeat(255)).idempotencyKey, 'é'.repeat(255));
    assert.equal(of('😀'.repeat(255)).idempotencyKey, '😀'.repeat(255));
    assert.match(of('é'.repeat(256)).idempotencyKey, /^sha256:[0-9a-f]{64}$/);
    assert.equal(of('é'.repeat(256)).eventType, 'é'.repeat(255));
    assert.match(of('a\0').idempotencyKey, /^sha256:/);
    assert.notEqual(of('\ud800').idempotencyKey, of('\ud801').idempotencyKey);
    assert.equal(of('a\0\ud800').eventType, 'a\ufffd\ufffd');
    assert.match(of('x'.repeat(300)).replayKey ?? '', /^sha256:/);
  });

  it('is no id of a list of which an item has none', () => {
    const rules = { idempotencyKey: ['{body:/e/*/id}'] };
    for (const body of ['{"e":[{"id":1},{}]}', '{"e":[]}', '{"e":[{"id":1},{"id":""}]}', '{"e":{"id":1}}']) {
      const { idempotencyKey, madeOf, windowSeconds } = named(rules, request(body));
      assert.deepEqual([idempotencyKey, madeOf, windowSeconds], [`sha256:${sha256(body)}`, 'body', 0]);
    }
  });

  it('is a mark only where something is there that differs between events and repeats in retries', () => {
    const marks = [
      { when: ['body:/at', 'body:/n'], windowSeconds: 60, source: 'a test' },
      { of: '{header:X-T}:{body_sha256_hex}', when: ['header:X-T'], windowSeconds: 5, source: 'a test' },
    ];
    const of = (body: string, headers: string[] = []) => {
      const { idempotencyKey, windowSeconds } = named({ marks }, request(body, headers));
      return [idempotencyKey, windowSeconds];
    };
    assert.deepEqual(of('{"at":1}'), [`sha256:${sha256('{"at":1}')}`, 60]);
    assert.deepEqual(of('{"n":0}'), [`sha256:${sha256('{"n":0}')}`, 60]);
    assert.deepEqual(of('{"at":""}'), [`sha256:${sha256('{"at":""}')}`, 0]);
    assert.deepEqual(of('{}', ['x-t', 'a']), [`a:${sha256('{}')}`, 5]);
    assert.deepEqual(of('{}'), [`sha256:${sha256('{}')}`, 0]);
  });

  it('leaves room for the number of a later event in a mark', () => {
    const marks = [{ of: '{body:/at}', when: ['body:/at'], windowSeconds: 60, source: 'a test' }];
    const of = (at: string) => named({ marks }, request(JSON.stringify({ at }))).idempotencyKey;
    assert.equal(of('x'.repeat(240)), 'x'.repeat(240));
    assert.match(of('x'.repeat(241)), /^sha256:/);
  });

  it('has the keys of an earlier version that are others', () => {
    const formerKeys = { of: ['{body:/old}', 'sha256:{body_sha256_hex}'], seconds: 60 };
    const of = (body: string) => named({ formerKeys }, request(body)).formerKeys;
    assert.deepEqual(of('{"old":"x"}'), ['x']);
    assert.deepEqual(of('{}'), []);
  });

  it('can leave out of a JSON body what differs between retries', () => {
    const of = (locator: string, body: string) =>
      named({ idempotencyKey: [`{${locator}}`] }, request(body)).idempotencyKey;
    const without = 'without:/retries,/e/*/attempt';
    const first = of(without, '{"a":1,"retries":0,"e":[{"id":9007199254740993,"attempt":0}]}');
    assert.equal(of(without, '{"a":1,"retries":2,"e":[{"id":9007199254740993,"attempt":7}]}'), first);
    assert.notEqual(of(without, '{"a":1,"retries":2,"e":[{"id":9007199254740992,"attempt":7}]}'), first);
    assert.notEqual(of(without, '{"a":2,"retries":0,"e":[{"id":9007199254740993,"attempt":0}]}'), first);
    assert.match(of(without, 'no JSON'), /^sha256:/);
    assert.match(of(without, `${'['.repeat(200_000)}${']'.repeat(200_000)}`), /^[0-9a-f]{64}$|^sha256:/);
  });

  it('takes a bare locator for the template of it', () => {
    assert.equal(asTemplate('header:X-Id'), '{header:X-Id}');
    assert.equal(asTemplate('{header:X-Id}:x'), '{header:X-Id}:x');
    assert.equal(asTemplate('fixed'), 'fixed');
  });

  it('never throws, whatever comes to whichever provider', () => {
    const bodies = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(
        bodies,
        fc.array(fc.string(), { maxLength: 6 }),
        fc.constantFrom(...PROVIDERS),
        (body, headers, provider) => {
          const one = identify(provider, request(body, headers), 0);
          for (const text of [one.idempotencyKey, one.eventType, one.replayKey ?? 'x', ...one.formerKeys]) {
            assert.ok(
              text !== '' && Array.from(text).length <= 255 && text.isWellFormed() && !text.includes('\0'),
            );
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a view of a request', () => {
  it('parses once for all that read it', (t) => {
    const parse = t.mock.method(JSON, 'parse');
    const view = viewOf(request('{"a":{"b":1}}'));
    assert.equal(viewOf(view), view);
    for (let i = 0; i < 3; i++) {
      assert.equal(
        named({ idempotencyKey: ['{body:/a/b}'], eventType: ['{body:/c}'] }, view).idempotencyKey,
        '1',
      );
    }
    assert.equal(parse.mock.callCount(), 1);
  });
});
