import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foreign, html, spellOut } from './html.ts';

describe('a template', () => {
  it('escapes every text, wherever it stands', () => {
    const text = `<script>alert(1)</script>"'&`;
    const escaped = '&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;';
    assert.equal(String(html`<p title="${text}">${text}</p>`), `<p title="${escaped}">${escaped}</p>`);
    assert.equal(String(html`${[text, [text]]}`), escaped + escaped);
  });

  it('takes templates as they are, and leaves nothing of null, undefined and false', () => {
    assert.equal(String(html`<b>${html`<i>${1}</i>`}</b>${null}${undefined}${false}`), '<b><i>1</i></b>');
  });

  it('has no character that HTML cannot have', () => {
    assert.equal(String(html`${'a\0b\u0007c\ud800d\u0085e\ufffef'}`), 'a␀b␇c\ufffdd\ufffde\ufffdf');
    assert.equal(String(html`${'a\tb\nc\r\nd'}`), 'a\tb\nc\nd');
  });

  it('takes no text that only looks like a template', () => {
    const forged = JSON.parse('{"isEscaped":true,"toString":"<script>"}');
    assert.throws(() => html`${forged}`);
  });
});

describe('a text of a stranger', () => {
  it('is isolated, and spells out what would reorder or hide', () => {
    assert.equal(String(foreign('a\u202ecod.exe')), '<bdi>a\\u202ecod.exe</bdi>');
    assert.equal(spellOut('zero\u200bwidth\ufeff'), 'zero\\u200bwidth\\ufeff');
  });

  it('is cut where it is too long', () => {
    assert.equal(String(foreign('abcdef', 3)), '<bdi>abc…</bdi>');
  });
});
