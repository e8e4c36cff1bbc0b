import { type Child, foreign, type Html, html, NOTHING } from '../html.ts';
import { urlOf } from '../urls.ts';

/** The heading of a page, with what can be done or told beside it. */
export function heading(title: Child, beside: Child = null): Html {
  return html`<div class="heading"><h1>${title}</h1>${beside === null ? null : html`<div class="beside">${beside}</div>`}</div>`;
}

/** A part of a page under a heading of its own. */
export function section(id: string, title: Child, content: Child, beside: Child = null): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<div class="heading"><h2 id="${id}-title">${title}</h2>${beside === null ? null : html`<div class="beside">${beside}</div>`}</div>
${content}
</section>`;
}

export type Column = Readonly<{ name: Child; isNumber?: boolean; isWide?: boolean }>;

/**
 * A table.
 * @param caption what it lists, for readers of the screen
 * @param rows the cells of each row, of which the first names the row
 */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Child[])[],
): Html {
  const classOf = (at: number) =>
    columns[at]?.isNumber ? html` class="number"` : columns[at]?.isWide ? html` class="wide"` : NOTHING;
  const labelOf = (at: number) =>
    typeof columns[at]?.name === 'string' ? html` data-label="${columns[at].name}"` : NOTHING;
  return html`<div class="table" role="region" aria-label="${caption}" tabindex="0"><table>
<caption class="hidden">${caption}</caption>
<thead><tr>${columns.map(({ name }, at) => html`<th scope="col"${classOf(at)}>${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    (cells) =>
      html`<tr data-row>${cells.map((cell, at) =>
        at === 0
          ? html`<th scope="row"${classOf(at)}${labelOf(at)}>${inCell(cell)}</th>`
          : html`<td${classOf(at)}${labelOf(at)}>${inCell(cell)}</td>`,
      )}</tr>\n`,
  )}</tbody>
</table></div>`;
}

/** A cell without content has no label on narrow screens. */
function inCell(cell: Child): Child {
  return cell === '' || cell === null ? null : html`<div class="cell">${cell}</div>`;
}

/** What stands where a list is empty. */
export function empty(text: Child): Html {
  return html`<p class="empty">${text}</p>`;
}

/** The way to the next page of a list, and back to the first. */
export function pages(
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  next: string | null,
): Html {
  const first =
    query.cursor === undefined
      ? null
      : html`<a href="${urlOf(path, { ...query, cursor: undefined })}" rel="first">Newest</a>`;
  const more =
    next === null
      ? null
      : html`<a href="${urlOf(path, { ...query, cursor: next })}" rel="next" data-next>Older</a>`;
  if (first === null && more === null) return NOTHING;
  return html`<nav class="pages" aria-label="Pages of the list">${first}${more}</nav>`;
}

/** Names with their values. */
export function facts(entries: readonly (readonly [name: Child, value: Child] | null)[]): Html {
  return html`<dl class="facts">${entries.map((entry) =>
    entry === null ? null : html`<div><dt>${entry[0]}</dt><dd>${entry[1]}</dd></div>`,
  )}</dl>`;
}

/** The command that does the same, to be copied. */
export function command(text: string): Html {
  return html`<p class="command"><code>${text}</code>${copyButton('Copy the command')}</p>`;
}

/** Copies the code before it. The script shows it. */
export function copyButton(label: string): Html {
  return html`<button type="button" class="quiet copy" data-copy hidden>${label}</button>`;
}

/** An argument of a command, as a shell takes it. */
export function quoted(text: string): string {
  return /^[\w.,:/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Something to be noticed. */
export function notice(tone: 'bad' | 'warn' | 'info', content: Child): Html {
  return html`<div class="notice ${tone}">${content}</div>`;
}

/** What is not known now: never a zero. */
export const UNKNOWN: Html = html`<span class="muted" title="not known">–</span>`;

/** A count, with groups of three. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** An id or key, whole on hover. */
export function code(text: string, charsMax = 80): Html {
  return html`<code title="${text.length > charsMax ? text.slice(0, 1000) : ''}">${foreign(text, charsMax)}</code>`;
}

/** A link to an event, by its id. */
export function eventLink(id: string): Html {
  return html`<a class="id" href="/console/events/${id}" data-open>${id}</a>`;
}
