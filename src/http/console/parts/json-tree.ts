import { printFilter } from '../../../filter/print-filter.ts';
import { parsePointer, resolvePointer } from '../../../verify/read/json-pointer.ts';
import { type Child, foreign, type Html, html } from '../html.ts';
import { urlOf } from '../urls.ts';
import { describeScalar, readExactJson } from './exact-json.ts';

/** Values that are drawn at once; the rest is behind links. */
const NODES_MAX = 1_500;
/** Characters that are drawn at once, about: names and places of values are as long as a stranger wants. */
const DRAWN_CHARS_MAX = 1024 * 1024;
/** Levels that are drawn at once. */
const LEVELS_MAX = 100;
/** Longest place of a value that is in a link; what lies deeper is in the download. */
const POINTER_CHARS_MAX = 4_000;
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

type Drawing = { nodesLeft: number; charsLeft: number; readonly page: string | null; readonly mark: string };

/** Where a value lies: as parts and as a JSON Pointer, or null if that is too long to be told. */
type Place = Readonly<{ path: readonly string[]; pointer: string }> | null;

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
  const place = path.reduce(within, ROOT);
  const from = /^\d{1,9}$/.test(part.from ?? '') ? Number(part.from) : 0;
  const drawing: Drawing = {
    nodesLeft: NODES_MAX,
    charsLeft: DRAWN_CHARS_MAX,
    page: part.page,
    mark: parsed.mark,
  };
  const back =
    path.length + from === 0 || part.page === null
      ? null
      : html`<p>A part: <code>${foreign(place?.pointer ?? '…', VALUE_CHARS)}</code>${from === 0 ? null : ` from ${from} on`} · <a href="${part.page}#body">The beginning</a></p>`;
  return html`${back}<ul class="tree" data-tree>${node(value, { name: null, place, depth: 0, from }, drawing)}</ul>`;
}

/** What a node is called, where it lies, how deep in what is drawn, and with which member it begins. */
type Node = Readonly<{ name: string | null; place: Place; depth: number; from: number }>;

function node(value: unknown, { name, place, depth, from }: Node, drawing: Drawing): Child {
  drawing.nodesLeft -= 1;
  drawing.charsLeft -= place?.pointer.length ?? 0;
  const label = name === null ? null : html`<span class="name">${foreign(name, VALUE_CHARS)}</span>`;
  const where = place === null ? null : html` data-pointer="${place.pointer}"`;
  if (typeof value !== 'object' || value === null) {
    return html`<li${where}>${label}${leaf(value, place, drawing)}</li>`;
  }
  const members = value as Readonly<Record<string, unknown>>;
  const names = Array.isArray(value) ? null : Object.keys(value);
  const length = names?.length ?? (value as readonly unknown[]).length;
  const size = Array.isArray(value) ? `[${length}]` : `{${length}}`;
  if (length === 0) return html`<li${where}>${label}<span class="muted">${size}</span></li>`;
  const drawn: Child[] = [];
  const last = depth < LEVELS_MAX ? length : from;
  for (let at = from; at < last && drawing.nodesLeft > 0 && drawing.charsLeft > 0; at++) {
    const key = names?.[at] ?? String(at);
    drawn.push(
      node(members[key], { name: key, place: within(place, key), depth: depth + 1, from: 0 }, drawing),
    );
  }
  const reached = from + drawn.length;
  const rest = Math.max(0, length - reached);
  return html`<li${where}><details${depth < UNFOLDED ? html` open` : ''}><summary>${label}<span class="muted">${size}</span></summary>
<ul>${drawn}${rest === 0 ? null : html`<li class="muted">${restOf(rest, reached, place, drawing)}</li>`}</ul></details></li>`;
}

function restOf(rest: number, reached: number, place: Place, { page }: Drawing): Child {
  const text = `… ${rest} more`;
  if (page === null || place === null) return `${text}, in the download`;
  return html`<a href="${urlOf(page, { at: place.pointer, from: String(reached) })}#body">${text}</a>`;
}

function leaf(value: unknown, place: Place, drawing: Drawing): Html {
  const [kind, text] = describeScalar(value, drawing.mark);
  const beginning = text.slice(0, VALUE_CHARS + 1);
  const shown = foreign(kind === 'string' ? JSON.stringify(beginning) : beginning, VALUE_CHARS);
  const isLink = place !== null && place.path.length > 0 && text !== '' && text.length <= VALUE_CHARS;
  if (!isLink) return html`<span class="value ${kind}">${shown}</span>`;
  const url = urlOf('/console/events', { q: filterOf(place.path, text) });
  drawing.charsLeft -= url.length;
  return html`<a class="value ${kind}" href="${url}" title="Events with this value">${shown}</a>`;
}

/** The filter's term for the value at a place of the body. */
function filterOf(path: readonly string[], value: string): string {
  return printFilter([{ field: 'pointer', negated: false, path, match: 'is', values: [value] }]);
}

const ROOT: Place = { path: [], pointer: '' };

/** The place of a member. Its pointer is a JSON Pointer (RFC 6901). */
function within(place: Place, name: string): Place {
  if (place === null || place.pointer.length + name.length >= POINTER_CHARS_MAX) return null;
  const { path, pointer } = place;
  return {
    path: [...path, name],
    pointer: `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
  };
}
