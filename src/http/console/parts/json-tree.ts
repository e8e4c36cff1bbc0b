import { printFilter } from '../../../filter/print-filter.ts';
import { parsePointer, resolvePointer } from '../../../verify/read/json-pointer.ts';
import { type Child, foreign, type Html, html } from '../html.ts';
import { urlOf } from '../page.ts';
import { describeScalar, readExactJson } from './exact-json.ts';

/** Values that are drawn at once; the rest is behind links. */
const NODES_MAX = 1_500;
/** Levels that are unfolded at first. */
const UNFOLDED = 3;
const VALUE_CHARS = 300;

/** The part of a body that is drawn, and the page that draws another one. */
export type TreePart = Readonly<{
  /** The path of the page; null where it has no address of its own. */
  page: string | null;
  /** A JSON Pointer of the value that is drawn, and the member with which it begins. */
  at?: string | undefined;
  from?: string | undefined;
}>;

const WHOLE: TreePart = { page: null };

type Drawing = { left: number; readonly page: string | null; readonly mark: string };
type Path = readonly string[];

/**
 * A JSON text as a tree that folds without a script. Each value is a link to the events that have it, too.
 * @returns null if it is no JSON
 */
export function jsonTree(text: string, part: TreePart = WHOLE): Html | null {
  const parsed = readExactJson(text);
  if (parsed === null) return null;
  const asked = parsePointer(part.at ?? '') ?? [];
  const found = resolvePointer(parsed.value, asked);
  const [value, path] = found === undefined ? [parsed.value, []] : [found, asked];
  const from = /^\d{1,9}$/.test(part.from ?? '') ? Number(part.from) : 0;
  const drawing: Drawing = { left: NODES_MAX, page: part.page, mark: parsed.mark };
  const back =
    path.length + from === 0 || part.page === null
      ? null
      : html`<p>A part: <code>${foreign(pointerOf(path), VALUE_CHARS)}</code>${from === 0 ? null : ` from ${from} on`} · <a href="${part.page}#body">The beginning</a></p>`;
  return html`${back}<ul class="tree" data-tree>${node(value, null, path, drawing, { from, depth: 0 })}</ul>`;
}

/** With which member it begins, and how deep it lies in what is drawn. */
type Position = Readonly<{ from: number; depth: number }>;

function node(
  value: unknown,
  name: string | null,
  path: Path,
  drawing: Drawing,
  { from, depth }: Position,
): Child {
  drawing.left -= 1;
  const label = name === null ? null : html`<span class="name">${foreign(name, VALUE_CHARS)}</span>`;
  const place = html` data-pointer="${pointerOf(path)}"`;
  if (typeof value !== 'object' || value === null) {
    return html`<li${place}>${label}${leaf(value, path, drawing)}</li>`;
  }
  const members = value as Readonly<Record<string, unknown>>;
  const names = Array.isArray(value) ? null : Object.keys(value);
  const length = names?.length ?? (value as readonly unknown[]).length;
  const size = Array.isArray(value) ? `[${length}]` : `{${length}}`;
  if (length === 0) return html`<li${place}>${label}<span class="muted">${size}</span></li>`;
  const drawn: Child[] = [];
  for (let at = from; at < length && drawing.left > 0; at++) {
    const key = names?.[at] ?? String(at);
    drawn.push(node(members[key], key, [...path, key], drawing, { from: 0, depth: depth + 1 }));
  }
  const reached = from + drawn.length;
  const rest = Math.max(0, length - reached);
  return html`<li${place}><details${depth < UNFOLDED ? html` open` : ''}><summary>${label}<span class="muted">${size}</span></summary>
<ul>${drawn}${rest === 0 ? null : html`<li class="muted">${restOf(rest, reached, path, drawing)}</li>`}</ul></details></li>`;
}

function restOf(rest: number, reached: number, path: Path, { page }: Drawing): Child {
  const text = `… ${rest} more`;
  if (page === null) return text;
  return html`<a href="${urlOf(page, { at: pointerOf(path), from: String(reached) })}#body">${text}</a>`;
}

function leaf(value: unknown, path: Path, { mark }: Drawing): Html {
  const [kind, text] = describeScalar(value, mark);
  const shown = kind === 'string' ? JSON.stringify(text) : text;
  const term = path.length > 0 && text.length <= VALUE_CHARS && text !== '' ? filterOf(path, text) : null;
  if (term === null) return html`<span class="value ${kind}">${foreign(shown, VALUE_CHARS)}</span>`;
  return html`<a class="value ${kind}" href="${urlOf('/console/events', { q: term })}" title="Events with this value">${foreign(shown, VALUE_CHARS)}</a>`;
}

/** The filter's term for the value at a place of the body. */
function filterOf(path: Path, value: string): string {
  return printFilter([{ field: 'pointer', negated: false, path, match: 'is', values: [value] }]);
}

/** A JSON Pointer (RFC 6901). */
function pointerOf(path: Path): string {
  return path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
