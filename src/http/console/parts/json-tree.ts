import { printFilter } from '../../../filter/print-filter.ts';
import { type Child, foreign, type Html, html } from '../html.ts';
import { urlOf } from '../page.ts';

/** Values that are drawn. The rest is in the text of the body. */
const NODES_MAX = 1_500;
/** Levels that are unfolded at first. */
const UNFOLDED = 3;
const VALUE_CHARS = 300;

/** A number as it is written: JavaScript's own would lose digits. */
class JsonNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Drawing = { left: number };
type Path = readonly string[];

/**
 * A JSON text as a tree that folds without a script. Each value is a link to the events that have it, too.
 * @returns null if it is no JSON
 */
export function jsonTree(text: string): Readonly<{ tree: Html; isWhole: boolean }> | null {
  const parsed = readJson(text);
  if (parsed === undefined) return null;
  const drawing: Drawing = { left: NODES_MAX };
  const tree = html`<ul class="tree" data-tree>${node(parsed.value, null, [], drawing)}</ul>`;
  return { tree, isWhole: drawing.left > 0 };
}

function readJson(text: string): Readonly<{ value: unknown }> | undefined {
  const keepDigits = (_: string, value: unknown, { source }: { source?: string } = {}) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? new JsonNumber(source)
      : value;
  try {
    return { value: JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown) };
  } catch {
    return undefined;
  }
}

function node(value: unknown, name: string | null, path: Path, drawing: Drawing): Child {
  drawing.left -= 1;
  const label = name === null ? null : html`<span class="name">${foreign(name, VALUE_CHARS)}</span>`;
  const place = html` data-pointer="${pointerOf(path)}"`;
  if (typeof value !== 'object' || value === null || value instanceof JsonNumber) {
    return html`<li${place}>${label}${leaf(value, path)}</li>`;
  }
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  if (entries.length === 0) return html`<li${place}>${label}<span class="muted">${size}</span></li>`;
  const drawn: Child[] = [];
  for (const [key, child] of entries) {
    if (drawing.left <= 0) break;
    drawn.push(node(child, String(key), [...path, String(key)], drawing));
  }
  const rest = entries.length - drawn.length;
  return html`<li${place}><details${path.length < UNFOLDED ? html` open` : ''}><summary>${label}<span class="muted">${size}</span></summary>
<ul>${drawn}${rest === 0 ? null : html`<li class="muted" data-rest>… ${rest} more</li>`}</ul></details></li>`;
}

function leaf(value: unknown, path: Path): Html {
  const [kind, text] = describe(value);
  const shown = kind === 'string' ? JSON.stringify(text) : text;
  const term = path.length > 0 && text.length <= VALUE_CHARS && text !== '' ? filterOf(path, text) : null;
  if (term === null) return html`<span class="value ${kind}">${foreign(shown, VALUE_CHARS)}</span>`;
  return html`<a class="value ${kind}" href="${urlOf('/console/events', { q: term })}" title="Events with this value">${foreign(shown, VALUE_CHARS)}</a>`;
}

function describe(value: unknown): readonly [kind: string, text: string] {
  if (value instanceof JsonNumber) return ['number', value.text];
  return [value === null ? 'null' : typeof value, String(value)];
}

/** The filter's term for the value at a place of the body. */
function filterOf(path: Path, value: string): string {
  return printFilter([{ field: 'pointer', negated: false, path, match: 'is', values: [value] }]);
}

/** A JSON Pointer (RFC 6901). */
function pointerOf(path: Path): string {
  return path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
