import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Addressee } from '../domain/order.ts';
import { KEY_TEXT_CHARS_MAX } from '../domain/search-key.ts';
import type { ReceiverEvent } from '../events.ts';
import { createAddress, createFindSearchKeys, keyLocatorMistake } from './order-key.ts';

const REQUEST = {
  method: 'POST',
  url: '/webhooks/shop?tenant=7',
  headers: ['X-Account', 'acct_1', 'X-Twice', 'a', 'x-twice', 'b'],
  body: Buffer.from(
    '{"payload":{"order_id":42,"name":"x","items":[{"id":"i"}],"big":9007199254740993,"none":null}}',
  ),
};

function addressing(orders: Readonly<Record<string, string | null>>) {
  const events: ReceiverEvent[] = [];
  const destinations = Object.entries(orders).map(([name, by]) => ({
    name,
    order: by === null ? null : ({ by, onFailure: 'block' } as const),
  }));
  const address = createAddress(destinations, (event) => void events.push(event));
  return {
    events,
    address: (body: Buffer = REQUEST.body) => address('shop', { ...REQUEST, body }, Object.keys(orders)),
  };
}

/** The key that a locator finds. */
function keyAt(by: string, body?: Buffer): Addressee {
  return addressing({ ledger: by }).address(body)[0]!;
}

describe('an order key', () => {
  it('is where the locator says, as text', () => {
    const key = (orderKey: string) => ({ destination: 'ledger', orderKey });
    assert.deepEqual(keyAt('body:/payload/order_id'), key('42'));
    assert.deepEqual(keyAt('body:/payload/items/0/id'), key('i'));
    assert.deepEqual(keyAt('body:/payload/big'), key('9007199254740993'));
    assert.deepEqual(keyAt('header:x-account'), key('acct_1'));
    assert.deepEqual(keyAt('query:tenant'), key('7'));
  });

  it('that is not there, or not one text, leaves the event without order, and is told', () => {
    for (const by of [
      'body:/payload/nothing',
      'body:/payload/items',
      'body:/payload/none',
      'header:x-twice',
    ]) {
      const { address, events } = addressing({ ledger: by });
      assert.deepEqual(address(), ['ledger'], by);
      assert.deepEqual(events, [{ type: 'order_key.missing', source: 'shop', destination: 'ledger' }]);
    }
    assert.deepEqual(keyAt('body:/payload/order_id', Buffer.from('no json')), 'ledger');
  });

  it('is each destination’s own', () => {
    const { address } = addressing({ plain: null, ledger: 'body:/payload/name', audit: 'query:tenant' });
    assert.deepEqual(address(), [
      'plain',
      { destination: 'ledger', orderKey: 'x' },
      { destination: 'audit', orderKey: '7' },
    ]);
  });

  it('that no store keeps as it is becomes its hash: equal for equal keys, different for others', () => {
    const bodyOf = (id: string) => Buffer.from(JSON.stringify({ id }));
    const keyOf = (id: string) => {
      const addressee = keyAt('body:/id', bodyOf(id));
      assert.ok(typeof addressee === 'object');
      return addressee.orderKey ?? '';
    };
    const longest = 'x'.repeat(KEY_TEXT_CHARS_MAX);
    assert.equal(keyOf(longest), longest);
    const odd = [`${longest}y`, `${longest}z`, 'a\0', 'a\ud800', 'a\ud801'];
    const keys = odd.map(keyOf);
    for (const key of keys) assert.match(key, /^sha256:[0-9a-f]{64}$/);
    assert.equal(new Set(keys).size, odd.length);
    assert.deepEqual(odd.map(keyOf), keys);
  });
});

describe('keyLocatorMistake', () => {
  it('takes what a request says of itself, and one value', () => {
    for (const by of ['body:/a', 'header:X-Id', 'query:id', 'form:id', 'form:payload/id', 'xml:id']) {
      assert.equal(keyLocatorMistake(by), null, by);
    }
    for (const by of [
      '',
      'body',
      'body:a',
      '/a',
      'sig:t',
      'param:x',
      'item:/a',
      'key:a',
      'body:/a/*/b',
      'header:x-*',
    ]) {
      assert.match(keyLocatorMistake(by)!, /^the locator /, by);
    }
  });
});

describe('search keys', () => {
  const search = { order: 'body:/payload/order_id', account: 'header:x-account', twice: 'header:x-twice' };
  const find = createFindSearchKeys([{ name: 'shop', search }, { name: 'plain' }]);

  it('are the values that are there once', () => {
    assert.deepEqual(find('shop', REQUEST), [
      { name: 'order', value: '42' },
      { name: 'account', value: 'acct_1' },
    ]);
  });

  it('are none for a source that has none, or for a body that is no JSON', () => {
    for (const source of ['plain', 'unknown']) assert.deepEqual(find(source, REQUEST), []);
    const body = Buffer.from('x');
    assert.deepEqual(find('shop', { ...REQUEST, headers: [], body }), []);
  });

  it('are hashed when they are long, or no text that every store keeps', () => {
    for (const text of ['x'.repeat(KEY_TEXT_CHARS_MAX + 1), 'a\0b', '\ud800']) {
      const body = Buffer.from(JSON.stringify({ payload: { order_id: text } }));
      assert.match(find('shop', { ...REQUEST, headers: [], body })[0]!.value, /^sha256:[0-9a-f]{64}$/);
    }
  });
});
