import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jsonTree } from './json-tree.ts';

const textOf = (json: string) => String(jsonTree(json));

describe('a tree of JSON', () => {
  it('has every value with its place, and a link to the events that have it', () => {
    const tree = textOf('{"data":{"a/b":"pi_3N"}}');
    assert.match(tree, /data-pointer="\/data\/a~1b"/);
    assert.match(tree, /href="\/console\/events\?q=body%3A%2Fdata%2Fa%7E1b%3Dpi_3N"/);
  });

  it('keeps the digits of numbers', () => {
    assert.match(textOf('{"id":12345678901234567890,"price":1.10}'), /12345678901234567890/);
    assert.match(textOf('[1.10]'), />1\.10</s);
    assert.match(
      textOf('{"a":"## not 1e5 a number","n":-1e5,"t":"\\"9007199254740993"}'),
      />-1e5<.*>&quot;\\&quot;9007/s,
    );
    for (const text of ['{1e5:1}', '[01e5]', '[1e]']) assert.equal(jsonTree(text), null);
  });

  it('makes no markup of what is in it', () => {
    const tree = textOf('{"<img src=x>":"<script>alert(1)</script>"}');
    assert.doesNotMatch(tree, /<img|<script/);
  });

  it('draws a part of what is large, and the rest is behind links, down to the last value', () => {
    const json = JSON.stringify({
      first: 1,
      list: Array.from({ length: 5_000 }, (_, at) => ({ at })),
      last: 2,
    });
    const seen = new Set<string>();
    const open = [{ at: '', from: '0' }];
    let pages = 0;
    for (let part = open.pop(); part !== undefined; part = open.pop()) {
      pages += 1;
      const tree = String(jsonTree(json, { page: '/console/events/1', ...part }));
      for (const [, pointer] of tree.matchAll(/data-pointer="([^"]*)"/g)) seen.add(pointer!);
      for (const [, query] of tree.matchAll(/href="\/console\/events\/1\?([^"#]*)#body"/g)) {
        const { at = '', from = '' } = Object.fromEntries(
          new URLSearchParams(query!.replaceAll('&amp;', '&')),
        );
        open.push({ at, from });
      }
      assert.ok(pages < 20, 'it comes to an end');
    }
    assert.equal(seen.size, 1 + 3 + 2 * 5_000);
  });

  it('draws from the beginning where the asked place is none, and without links where the page has no address', () => {
    assert.match(String(jsonTree('[1]', { page: '/p', at: '/7/x', from: 'x' })), /data-pointer="\/0"/);
    const large = String(jsonTree(JSON.stringify(Array(5_000).fill(0))));
    assert.match(large, /… \d+ more/);
    assert.doesNotMatch(large, /from=/);
  });

  it('is as short where names are long or values lie deep, and what lies deep is behind links', () => {
    const long = JSON.stringify({ ['k'.repeat(1_000_000)]: Array(1_500).fill('v'.repeat(290)) });
    assert.ok(String(jsonTree(long, { page: '/p' })).length < 3_000_000);
    const names = Object.fromEntries(
      Array.from({ length: 900 }, (_, at) => [`${at}${'n'.repeat(3_900)}`, 1]),
    );
    assert.ok(String(jsonTree(JSON.stringify(names), { page: '/p' })).length < 4_000_000);
    const levels = 250;
    const deep = `${'['.repeat(levels)}"bottom"${']'.repeat(levels)}`;
    let tree = '';
    let at: string | null = '';
    for (let pages = 0; at !== null && pages < 5; pages++) {
      tree = String(jsonTree(deep, { page: '/p', at }));
      const link: string | undefined = /href="\/p\?([^"#]*)#body">…/.exec(tree)?.[1];
      at = link === undefined ? null : new URLSearchParams(link.replaceAll('&amp;', '&')).get('at');
    }
    assert.match(tree, /bottom/);
  });

  it('is none where there is no JSON', () => {
    for (const text of ['', 'a=b', '{"a":', '\u0000']) assert.equal(jsonTree(text), null);
  });
});
