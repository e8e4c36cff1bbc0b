import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jsonTree } from './json-tree.ts';

const textOf = (json: string) => String(jsonTree(json)!.tree);

describe('a tree of JSON', () => {
  it('has every value with its place, and a link to the events that have it', () => {
    const tree = textOf('{"data":{"a/b":"pi_3N"}}');
    assert.match(tree, /data-pointer="\/data\/a~1b"/);
    assert.match(tree, /href="\/console\/events\?q=body%3A%2Fdata%2Fa%7E1b%3Dpi_3N"/);
  });

  it('keeps the digits of numbers', () => {
    assert.match(textOf('{"id":12345678901234567890,"price":1.10}'), /12345678901234567890/);
    assert.match(textOf('[1.10]'), />1\.10</s);
  });

  it('makes no markup of what is in it', () => {
    const tree = textOf('{"<img src=x>":"<script>alert(1)</script>"}');
    assert.doesNotMatch(tree, /<img|<script/);
  });

  it('draws a part of what is large, and says how much is left', () => {
    const drawn = jsonTree(JSON.stringify(Array.from({ length: 5_000 }, (_, at) => at)))!;
    assert.equal(drawn.isWhole, false);
    assert.match(String(drawn.tree), /… \d+ more/);
  });

  it('is none where there is no JSON', () => {
    for (const text of ['', 'a=b', '{"a":', '\u0000']) assert.equal(jsonTree(text), null);
  });
});
