import { foreign, type Html, html, spellOut } from '../html.ts';
import { jsonTree, type TreePart } from './json-tree.ts';
import { copyButton, count, notice } from './parts.ts';

/** The longest body that a page shows. A longer one is only downloaded. */
const SHOWN_BYTES_MAX = 5 * 1024 * 1024;
/** Up to so many bytes the text comes with the page, beyond on demand. */
const INLINE_BYTES_MAX = 256 * 1024;
const HEX_BYTES_MAX = 4 * 1024;
const HEX_ROW = 16;

/** A body as it is shown, and where else it is. */
export type ShownBody = Readonly<{
  body: string | null;
  encoding: 'utf8' | 'base64' | null;
  /** Of the body as it came. */
  bytes: number | null;
  download: string;
  /** The page with the text of a long body. */
  whole: string;
  isWhole: boolean;
  /** Which part of a large tree is drawn. */
  part: TreePart;
}>;

/** A body: as a tree if it is JSON, as text, and as bytes. */
export function bodyView(shown: ShownBody): Html {
  const { body, encoding, bytes, download, isWhole, whole, part } = shown;
  if (body === null) return notice('info', 'Nothing of the body is kept.');
  if (body === '') return html`<p class="muted">The body is empty.</p>`;
  const raw = Buffer.from(body, encoding ?? 'utf8');
  const link = html`<a href="${download}" download>Download${bytes === null ? null : ` (${byteText(bytes)})`}</a>`;
  if (raw.length > SHOWN_BYTES_MAX) return html`<p>The body is too long to be shown. ${link}</p>`;
  const isLong = raw.length > INLINE_BYTES_MAX;
  const tree = encoding === 'utf8' ? jsonTree(body, part) : null;
  const text =
    encoding !== 'utf8'
      ? null
      : isLong && !isWhole
        ? 'long'
        : html`<pre class="text" tabindex="0" data-body-text>${spellOut(body)}</pre>`;
  return html`<div class="body">
${tree === null ? null : html`<details class="view" open><summary>JSON</summary>${tree}</details>`}
${text === null ? null : html`<details class="view"${tree === null ? html` open` : ''}><summary>Text</summary>${text === 'long' ? html`<p><a href="${whole}">Show the text</a> of ${byteText(raw.length)}</p>` : html`${copyButton('Copy the text')}${text}`}</details>`}
<details class="view"${tree === null && text === null ? html` open` : ''}><summary>Bytes</summary><pre class="text" tabindex="0">${hexDump(raw.subarray(0, HEX_BYTES_MAX))}</pre>${raw.length > HEX_BYTES_MAX ? html`<p class="muted">The first ${byteText(HEX_BYTES_MAX)}.</p>` : null}</details>
<p>${link}</p>
</div>`;
}

/** Bytes as `1.5 MiB`. */
export function byteText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${count(Math.round((bytes / 1024 / 1024) * 10) / 10)} MiB`;
}

/** Address, bytes and characters, as `hexdump -C` prints them. */
function hexDump(bytes: Buffer): string {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += HEX_ROW) {
    const row = bytes.subarray(at, at + HEX_ROW);
    const pairs = [...row].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = [...row]
      .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
      .join('');
    rows.push(`${at.toString(16).padStart(8, '0')}  ${pairs.padEnd(HEX_ROW * 3 - 1)}  ${text}`);
  }
  return rows.join('\n');
}

/** Headers in the order in which they came. */
export function headerList(headers: readonly (readonly string[])[] | null): Html {
  if (headers === null) return notice('info', 'The headers are not kept.');
  return html`<dl class="headers">${headers.map(
    ([name = '', value = '']) =>
      html`<div><dt>${foreign(name, 200)}</dt><dd>${foreign(value, 4000)}</dd></div>`,
  )}</dl>`;
}
