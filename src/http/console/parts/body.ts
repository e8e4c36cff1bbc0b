import { foreign, type Html, html, NOTHING, spellOut } from '../html.ts';
import { urlOf } from '../urls.ts';
import type { DrawTree } from './draw-tree.ts';
import { copyButton, count, notice } from './parts.ts';

/** The longest body that a page shows. A longer one is only downloaded. */
const SHOWN_BYTES_MAX = 5 * 1024 * 1024;
/** A text comes in parts: a page of 5 MiB keeps the process from its work, and a browser from showing it. */
const TEXT_PART_CHARS = 64 * 1024;
const HEX_BYTES_MAX = 4 * 1024;
const HEX_ROW = 16;

/** A body as it is shown, and where else it is. */
export type ShownBody = Readonly<{
  body: string | null;
  encoding: 'utf8' | 'base64' | null;
  /** Of the body as it came. */
  bytes: number | null;
  /** Where it is downloaded. What is revealed is asked for by a form. */
  download: string;
  isRevealed: boolean;
  /** The page; null where it has no address of its own, and shows the first part alone. */
  page: string | null;
  /** Which part of a large tree is drawn, and which part of a long text is shown, from 0. */
  at?: string | undefined;
  from?: string | undefined;
  text?: string | undefined;
}>;

/** The fields of a page's query that say which part of a body is shown. */
export const BODY_PART = ['at', 'from', 'text'] as const;

/** A body: as a tree if it is JSON, as text, and as bytes. */
export async function bodyView(shown: ShownBody, drawTree: DrawTree): Promise<Html> {
  const { body, encoding } = shown;
  if (body === null) return notice('info', 'Nothing of the body is kept.');
  if (body === '') return html`<p class="muted">The body is empty.</p>`;
  const size = Buffer.byteLength(body, encoding ?? 'utf8');
  if (size > SHOWN_BYTES_MAX) {
    return html`<div class="body"><p>The body is too long to be shown.</p>${downloadOf(shown)}</div>`;
  }
  const { page, at, from, text } = shown;
  const isText = encoding === 'utf8';
  const tree = isText ? await drawTree(body, { page, at, from }) : null;
  return html`<div class="body">
${tree === null ? null : html`<details class="view"${openIf(text === undefined)}><summary>JSON</summary>${tree === 'undrawn' ? UNDRAWN : tree}</details>`}
${isText ? html`<details class="view"${openIf(tree === null || text !== undefined)}><summary>Text</summary>${textPart(body, shown)}</details>` : null}
<details class="view"${openIf(!isText)}><summary>Bytes</summary><pre class="text" tabindex="0">${hexDump(beginningOf(body, encoding))}</pre>${size > HEX_BYTES_MAX ? html`<p class="muted">The first ${byteText(HEX_BYTES_MAX)}.</p>` : null}</details>
${downloadOf(shown)}
</div>`;
}

const UNDRAWN = html`<p>It takes too much time or memory to fold this now. The text is below.</p>`;

function openIf(isOpen: boolean): Html {
  return isOpen ? html` open` : NOTHING;
}

function downloadOf({ bytes, download, isRevealed }: ShownBody): Html {
  const label = html`Download${bytes === null ? null : ` (${byteText(bytes)})`}`;
  if (!isRevealed) return html`<p><a href="${download}" download>${label}</a></p>`;
  return html`<form method="post" action="${download}"><button type="submit">${label}</button></form>`;
}

/** A part of the text, and the way to the others. */
function textPart(body: string, { page, text }: ShownBody): Html {
  const count = Math.ceil(body.length / TEXT_PART_CHARS);
  const asked = /^\d{1,4}$/.test(text ?? '') ? Number(text) : 0;
  const at = Math.min(asked, count - 1);
  const part = body.slice(wholeFrom(body, at * TEXT_PART_CHARS), wholeFrom(body, (at + 1) * TEXT_PART_CHARS));
  const link = (to: number, label: string) =>
    page === null || to < 0 || to >= count
      ? null
      : html`<a href="${urlOf(page, { text: String(to) })}#body">${label}</a>`;
  const place =
    count === 1
      ? copyButton('Copy the text')
      : html`<p>Part ${at + 1} of ${count} ${link(at - 1, 'The one before')} ${link(at + 1, 'The next')}${page === null ? 'The others are in the download.' : null}</p>`;
  return html`${place}<pre class="text" tabindex="0" data-body-text>${spellOut(part)}</pre>`;
}

/** A place that divides no pair of surrogates. */
function wholeFrom(text: string, at: number): number {
  return /^[\udc00-\udfff]/.test(text.charAt(at)) ? at + 1 : at;
}

function beginningOf(body: string, encoding: ShownBody['encoding']): Buffer {
  // Four characters of base64 are three bytes; one of UTF-16 is at least one.
  const chars = encoding === 'base64' ? Math.ceil(HEX_BYTES_MAX / 3) * 4 : HEX_BYTES_MAX;
  return Buffer.from(body.slice(0, chars), encoding ?? 'utf8').subarray(0, HEX_BYTES_MAX);
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
