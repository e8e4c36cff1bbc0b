import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePointer } from '../verify/read/json-pointer.ts';
import { atPointers, everyLeaf, maskJson } from './mask-json.ts';

const at = (...pointers: string[]) => atPointers(pointers.map((pointer) => parsePointer(pointer)!));
const mask = (text: string, ...pointers: string[]) => maskJson(text, at(...pointers), '"#"');

describe('a masked JSON text', () => {
  it('has no value that a pointer leads to, and every other byte', () => {
    assert.equal(
      mask('{ "card" : {"number": "4242", "n" : 12345678901234567890},\n"a":[1 ,2]}', '/card/number'),
      '{ "card" : {"number": "#", "n" : 12345678901234567890},\n"a":[1 ,2]}',
    );
    assert.equal(mask('{"a":[1,{"b":2},"x"],"c":3}', '/a/1'), '{"a":[1,"#","x"],"c":3}');
    assert.equal(mask('{"a":[{"b":2,"c":[]},{"b":{}}]}', '/a/*/b'), '{"a":[{"b":"#","c":[]},{"b":"#"}]}');
    assert.equal(mask('[[1,2],[3]]', '/0', '/1/0'), '["#",["#"]]');
    assert.equal(mask(' "x" ', ''), ' "#" ');
    assert.equal(mask('{"a":{"a":{"a":1}}}', '/a/a'), '{"a":{"a":"#"}}');
  });

  it('masks every member of a name that comes twice, however the name is written', () => {
    assert.equal(mask('{"a":1,"\\u0061":"2"}', '/a'), '{"a":"#","\\u0061":"#"}');
    assert.equal(mask('{"a/b":1,"m~n":"2","":3}', '/a~1b', '/m~0n', '/'), '{"a/b":"#","m~n":"#","":"#"}');
  });

  it('is not misled by what is written in texts', () => {
    const text = '{"x":"\\"number\\": [1,{","number":"}]","y":"a\\\\","number2":"n"}';
    assert.equal(mask(text, '/number'), text.replace('"}]"', '"#"'));
  });

  it('can have no value at all', () => {
    const text = '{"a":[1,true,null,"x",{"b":-1.5e3,"c":{}}],"d":"\\u00e9"}';
    const masked = maskJson(text, everyLeaf, '"#"');
    assert.equal(masked, '{"a":["#","#","#","#",{"b":"#","c":{}}],"d":"#"}');
    assert.equal(maskJson('7', everyLeaf, '"#"'), '"#"');
  });

  it('is JSON again, for any document', () => {
    for (const text of ['{}', '[]', '[[]]', '{"a":{}}', ' [ { } , [ ] ] ', '{"a":"\\n"}', '"\u2028"']) {
      for (const pointers of [[''], ['/a'], ['/0'], ['/0/0'], ['/*']]) {
        JSON.parse(mask(text, ...pointers)!);
      }
      JSON.parse(maskJson(text, everyLeaf, '"#"')!);
    }
    assert.equal(mask('['.repeat(2_000) + ']'.repeat(2_000), '/0'), null);
  });
});
