import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkFile } from './check-file.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const problemsOf = (value: unknown) => checkFile(value, 'webhooks.config.json').problems;
const problemsWith = (fields: object) => problemsOf({ destinations: { d: { url: 'http://h/', ...fields } } });

describe('a config file', () => {
  it('takes everything that the documentation shows', () => {
    const audit = async () => {};
    const value = {
      sources: { orders: {}, default: {} },
      destinations: {
        billing: {
          url: 'http://127.0.0.1:3000/hooks',
          sources: ['*'],
          events: ['order.*'],
          concurrency: 20,
          timeoutSeconds: 0.5,
          secret: SECRET,
          headers: { Authorization: 'Bearer x' },
          permanentStatuses: [400, 422],
          retry: { maxAttempts: 5, baseDelaySeconds: 5, maxDelaySeconds: 300, jitter: 0 },
        },
        audit: { handler: audit },
        'more.of-them_2': { handler: './handlers/more.ts' },
      },
    };
    const { values, problems } = checkFile(value, 'config');
    assert.deepEqual(problems, []);
    assert.deepEqual(values, value);
    assert.equal(values.destinations?.audit?.handler, audit);
  });

  it('may be empty', () => assert.deepEqual(problemsOf({}), []));

  for (const [value, got] of [
    [null, 'null'],
    [[], 'a list of 0'],
    [() => {}, 'a function'],
    ['x', 'a text of 1 characters'],
  ] as const) {
    it(`is not ${got}`, () => {
      assert.deepEqual(problemsOf(value), [
        `webhooks.config.json: got ${got}, takes an object with sources, destinations and tokens`,
      ]);
    });
  }

  it('tells all mistakes at once, by their paths', () => {
    const destinations = {
      billing: { url: 'http://h/', timeoutSeconds: '30', retry: { maxAttempts: 0 } },
      'a.b': { url: 'http://h/', events: ['ok', ''] },
    };
    assert.deepEqual(problemsOf({ sources: { orders: 5 }, destinations }), [
      'sources.orders: got a number, takes an object: {}, or with provider or verify',
      'destinations.billing.timeoutSeconds: got "30", takes a number of seconds from 0.01 to 86400',
      'destinations.billing.retry.maxAttempts: got 0, takes a whole number from 1 to 100',
      'destinations["a.b"].events[1]: got "", takes a glob of 1 to 255 characters',
    ]);
  });

  it('refuses unknown keys and names the nearest known one', () => {
    const destinations = { d: { url: 'http://h/', timeoutSecond: 5, retry: { maxAttempt: 1 }, zzz: 1 } };
    assert.deepEqual(problemsOf({ sorces: {}, sources: { orders: { verfiy: 1 } }, destinations }), [
      'sources.orders.verfiy: not a known key, the nearest is verify',
      'destinations.d.retry.maxAttempt: not a known key, the nearest is maxAttempts',
      'destinations.d.timeoutSecond: not a known key, the nearest is timeoutSeconds',
      'destinations.d.zzz: not a known key, takes one of url, handler, sources, events, concurrency, timeoutSeconds, secret, headers, permanentStatuses, method, query, format, retry, orderBy, onFailure, rate, breaker',
      'sorces: not a known key, the nearest is sources',
    ]);
  });

  it('has names that fit into URLs and labels', () => {
    for (const name of ['a', 'A9', '0.x_y-z', 'x'.repeat(64)]) {
      assert.deepEqual(problemsOf({ sources: { [name]: {} } }), [], name);
    }
    for (const name of ['', '.a', '-a', 'a b', 'ä', 'a/b', 'x'.repeat(65)]) {
      assert.match(
        problemsOf({ sources: { [name]: {} } }).join(),
        /got the name .*, takes 1 to 64 letters/,
        name,
      );
    }
  });

  it('holds at most 1000 sources and 1000 destinations', () => {
    const many = (count: number, value: object) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`n${at}`, value]));
    const url = { url: 'http://h/' };
    assert.deepEqual(problemsOf({ sources: many(1000, {}), destinations: many(1000, url) }), []);
    assert.deepEqual(problemsOf({ sources: many(1001, {}), destinations: many(1001, url) }), [
      'sources: got an object of 1001, takes an object of at most 1000 sources by name',
      'destinations: got an object of 1001, takes an object of at most 1000 destinations by name',
    ]);
  });
});

describe('a destination', () => {
  it('has exactly one of url and handler', () => {
    assert.deepEqual(problemsOf({ destinations: { a: {}, b: { url: 'http://h/', handler: () => {} } } }), [
      'destinations.a: got neither url nor handler, takes exactly one of the two',
      'destinations.b: got both url and handler, takes exactly one of the two',
    ]);
  });

  it('is told so also when one of them is wrong', () => {
    assert.deepEqual(problemsOf({ destinations: { a: { url: 'x', handler: 5 } } }), [
      'destinations.a.url: got "x", takes an http or https URL of at most 2048 characters',
      'destinations.a.handler: got 5, takes a function or the path of a module',
      'destinations.a: got both url and handler, takes exactly one of the two',
    ]);
  });

  it('has what belongs to HTTP only beside url', () => {
    assert.deepEqual(problemsOf({ destinations: { a: { handler: 'x.ts', headers: {}, secret: SECRET } } }), [
      'destinations.a.secret: got a value beside handler, takes a value only beside url',
      'destinations.a.headers: got a value beside handler, takes a value only beside url',
    ]);
  });

  it('has order by a place where a key can be, and says what a failure does only then', () => {
    for (const orderBy of ['body:/payload/order_id', 'header:X-Account', 'query:id', 'form:id']) {
      assert.deepEqual(problemsWith({ orderBy }), []);
      assert.deepEqual(problemsWith({ orderBy, onFailure: 'skip' }), []);
    }
    const takes = 'takes where a key is, such as body:/payload/order_id or header:X-Account';
    assert.deepEqual(problemsWith({ orderBy: '/payload/id' }), [
      `destinations.d.orderBy: got "/payload/id", ${takes}: the locator "/payload/id" begins with none of header: query: body: form: sig: item: param: xml: key: items: without:`,
    ]);
    assert.deepEqual(problemsWith({ orderBy: 'body:/items/*/id' }), [
      `destinations.d.orderBy: got "body:/items/*/id", ${takes}: the locator "body:/items/*/id" may find several values`,
    ]);
    assert.equal(problemsWith({ orderBy: 'sig:t' }).length, 1);
    assert.equal(problemsWith({ orderBy: 5 }).length, 1);
    assert.deepEqual(problemsWith({ orderBy: 'query:id', onFailure: 'stop' }), [
      'destinations.d.onFailure: got "stop", takes "block" or "skip"',
    ]);
    assert.deepEqual(problemsWith({ onFailure: 'skip' }), [
      'destinations.d.onFailure: got a value without orderBy, takes a value only beside orderBy',
    ]);
  });

  it('has bounded numbers, and no other words than those that change something', () => {
    for (const fields of [
      { concurrency: 0 },
      { concurrency: 1.5 },
      { concurrency: Number.NaN },
      { timeoutSeconds: Number.POSITIVE_INFINITY },
      { timeoutSeconds: null },
      { retry: { jitter: 2 } },
      { retry: { baseDelaySeconds: -1 } },
      { permanentStatuses: [200] },
      { method: 'GET' },
      { query: 'forward' },
      { permanentStatuses: Array.from({ length: 101 }, () => 400) },
    ]) {
      assert.equal(problemsWith(fields).length, 1, JSON.stringify(fields));
    }
  });

  it('has globs that are neither empty nor endless', () => {
    assert.deepEqual(problemsWith({ sources: ['*'], events: ['x'.repeat(255)] }), []);
    for (const events of [
      [],
      [''],
      ['x'.repeat(256)],
      [5],
      'order.*',
      Array.from({ length: 101 }, () => '*'),
    ]) {
      assert.equal(problemsWith({ events }).length, 1, JSON.stringify(events));
    }
  });
});
