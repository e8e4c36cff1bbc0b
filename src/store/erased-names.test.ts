import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  createHashNames,
  hashDigests,
  keyPartsOf,
  laterKeyParts,
  newSecret,
  splitDigests,
} from './erased-names.ts';
import { joinDigests, keyDigest } from './marked-key.ts';

const names = createHashNames(Buffer.alloc(32, 7));

it('a hash depends on the secret, the source, the name, and on what it names', () => {
  const one = names.ofKey('shop', 'a');
  assert.equal(one.length, 16);
  assert.deepEqual(names.ofKey('shop', 'a'), one);
  const others = [
    names.ofKey('shop', 'b'),
    names.ofKey('other', 'a'),
    names.ofMark('shop', Buffer.from('a')),
    createHashNames(newSecret()).ofKey('shop', 'a'),
  ];
  for (const other of others) assert.notDeepEqual(other, one);
});

it('the digests of an event are hashed one by one and keep their order', () => {
  const [replay, key] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)];
  const hashed = hashDigests(names, 'shop', joinDigests(replay, key));
  assert.deepEqual(splitDigests(hashed), [names.ofMark('shop', replay), names.ofMark('shop', key)]);
  assert.equal(hashDigests(names, 'shop', null), null);
});

it('only a key that its own mark has numbered is taken apart', () => {
  const digests = joinDigests(null, keyDigest('order'));
  assert.deepEqual(keyPartsOf('order', digests), { name: 'order', number: 1 });
  assert.deepEqual(keyPartsOf('order~3', digests), { name: 'order', number: 3 });
  assert.deepEqual(keyPartsOf('order~3', joinDigests(null, keyDigest('order~3'))), {
    name: 'order~3',
    number: 1,
  });
  assert.deepEqual(keyPartsOf('order~3', null), { name: 'order~3', number: 1 });
  assert.deepEqual(laterKeyParts('a~b~12'), { name: 'a~b', number: 12 });
  for (const text of ['', '~', 'a', 'a~', 'a~x', 'a~0', 'a~1']) assert.equal(laterKeyParts(text), null, text);
});
