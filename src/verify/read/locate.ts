import type { Locator } from '../scheme.ts';
import { decodeStrictly } from './decode.ts';
import {
  itemsOf,
  parsePointer,
  resolveAll,
  resolveComplete,
  resolvePointer,
  textOf,
} from './json-pointer.ts';
import { hashWithout } from './json-without.ts';
import { LazyJson } from './lazy-json.ts';
import type { Scope } from './scope.ts';
import type { RequestView } from './signed-request.ts';

export const LOCATOR_KINDS = [
  'header',
  'query',
  'body',
  'form',
  'sig',
  'item',
  'param',
  'xml',
  'key',
  'items',
  'without',
] as const;
export type LocatorKind = (typeof LOCATOR_KINDS)[number];

/** A compiled locator. */
export type Reader = Readonly<{
  locator: Locator;
  kind: LocatorKind;
  /** The text after the kind. */
  name: string;
  /** It contains `*`, so it may find several values. */
  isList: boolean;
  /** The text, if there is exactly one: two are ambiguous. */
  one(scope: Scope): string | null;
  all(scope: Scope): readonly string[];
  /** Of a list with `*` the texts, or null unless every item of every array has one. */
  complete(scope: Scope): readonly string[] | null;
  /** The JSON values themselves; for other kinds the texts. */
  values(scope: Scope): readonly unknown[];
}>;

export type Compiled<T> = Readonly<{ ok: true; value: T }> | Readonly<{ ok: false; problem: string }>;

/** Compiles a locator. */
export function compileLocator(locator: Locator): Compiled<Reader> {
  const at = locator.indexOf(':');
  const kind = LOCATOR_KINDS.find((known) => known === locator.slice(0, at));
  const name = locator.slice(at + 1);
  if (at === -1 || kind === undefined) {
    return wrong(locator, `begins with none of ${LOCATOR_KINDS.map((known) => `${known}:`).join(' ')}`);
  }
  switch (kind) {
    case 'body':
    case 'item':
      return fromJson(
        locator,
        kind,
        name,
        kind === 'body' ? (scope) => scope.view.json : (scope) => scope.item,
      );
    case 'form':
      return fromForm(locator, name);
    case 'items':
      return fromItems(locator, name);
    case 'without':
      return fromRest(locator, name);
    case 'key':
      return { ok: true, value: fromTexts(locator, kind, name) };
    default:
      if (name === '') return wrong(locator, 'has no name after the colon');
      if (kind === 'xml' && !/^[\w.:-]+$/.test(name)) return wrong(locator, 'has no name of an XML element');
      return { ok: true, value: fromTexts(locator, kind, name) };
  }
}

function wrong(locator: string, what: string): Compiled<never> {
  return { ok: false, problem: `the locator "${locator}" ${what}` };
}

function fromJson(
  locator: Locator,
  kind: LocatorKind,
  pointer: string,
  rootOf: (scope: Scope) => unknown,
): Compiled<Reader> {
  const path = parsePointer(pointer);
  if (path === null) return wrong(locator, `needs a JSON Pointer such as /data/id after the name`);
  const isList = path.includes('*');
  const values = (scope: Scope): readonly unknown[] => {
    const root = rootOf(scope);
    if (isList) return resolveAll(root, path);
    const value = resolvePointer(root, path);
    return value === undefined ? [] : [value];
  };
  const all = (scope: Scope) => values(scope).flatMap((value) => textOf(value) ?? []);
  const one = isList
    ? (scope: Scope) => only(all(scope))
    : (scope: Scope) => textOf(resolvePointer(rootOf(scope), path));
  const complete = isList
    ? (scope: Scope) => resolveComplete(rootOf(scope), path)
    : (scope: Scope) => all(scope);
  return { ok: true, value: { locator, kind, name: pointer, isList, one, all, complete, values } };
}

function fromForm(locator: Locator, text: string): Compiled<Reader> {
  const at = text.indexOf('/');
  const field = at === -1 ? text : text.slice(0, at);
  if (field === '') return wrong(locator, 'has no name after the colon');
  if (at !== -1) return fromJson(locator, 'form', text.slice(at), (scope) => scope.view.fieldJson(field));
  return { ok: true, value: fromTexts(locator, 'form', text) };
}

/** Items that are signed one by one can be sent again in any order and number, so that the set of them is the value. */
function fromItems(locator: Locator, text: string): Compiled<Reader> {
  const [array, ...members] = text.split(',').map(parsePointer);
  if (array == null || members.length === 0 || members.includes(null) || text.includes('*')) {
    return wrong(
      locator,
      'needs JSON Pointers to an array and to members of its items: items:/list,/id,/type',
    );
  }
  const all = (scope: Scope): readonly string[] => {
    const items = itemsOf(resolvePointer(scope.view.json, array));
    if (items === null || items.length === 0) return NONE;
    const texts = items.map((item) =>
      members.map((member) => textOf(resolvePointer(item, member!)) ?? '').join(':'),
    );
    return [[...new Set(texts)].sort().join(',')];
  };
  return { ok: true, value: readerOfTexts(locator, 'items', text, all) };
}

/** The hash of a JSON body without members that differ between retries. */
function fromRest(locator: Locator, text: string): Compiled<Reader> {
  const paths = text.split(',').map(parsePointer);
  if (paths.some((path) => path === null || path.length === 0)) {
    return wrong(
      locator,
      'needs JSON Pointers to the members to leave out: without:/retries,/items/*/attempt',
    );
  }
  const all = (scope: Scope): readonly string[] => hashWithout(scope.view.json, paths as string[][]) ?? NONE;
  return { ok: true, value: readerOfTexts(locator, 'without', text, all) };
}

function readerOfTexts(
  locator: Locator,
  kind: LocatorKind,
  name: string,
  all: (scope: Scope) => readonly string[],
): Reader {
  const one = (scope: Scope) => only(all(scope));
  return { locator, kind, name, isList: false, one, all, complete: all, values: all };
}

const NONE: readonly string[] = [];

function fromTexts(locator: Locator, kind: LocatorKind, name: string): Reader {
  const all = readerOf(kind, name);
  const lower = name.toLowerCase();
  const isList = kind === 'header' && name.endsWith('*');
  const one =
    kind === 'header' && !isList
      ? (scope: Scope) => scope.view.header(lower)
      : (scope: Scope) => only(all(scope));
  return { locator, kind, name, isList, one, all, complete: all, values: all };
}

function readerOf(kind: LocatorKind, name: string): (scope: Scope) => readonly string[] {
  switch (kind) {
    case 'header': {
      const lower = name.toLowerCase();
      if (!lower.endsWith('*')) return (scope) => scope.view.headerAll(lower);
      const prefix = lower.slice(0, -1);
      return (scope) => scope.view.headersBeginning(prefix);
    }
    case 'query':
      return (scope) => scope.view.query.get(name) ?? NONE;
    case 'form':
      return (scope) => scope.view.form?.get(name) ?? NONE;
    case 'sig':
      return (scope) => scope.pairs.filter(([key]) => key === name).map(([, value]) => value);
    case 'param':
      return (scope) => (Object.hasOwn(scope.params, name) ? [scope.params[name]!] : NONE);
    case 'xml': {
      return (scope) => {
        const text = readXml(scope.view, name);
        return text === null ? NONE : [text];
      };
    }
    case 'key': {
      const others = name.split(',');
      return (scope) => {
        const { json } = scope.view;
        const found =
          json instanceof LazyJson
            ? json.nameBesides(others)
            : memberNames(json).find((key) => !others.includes(key));
        return found == null ? NONE : [found];
      };
    }
    default:
      return () => NONE;
  }
}

function memberNames(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : NONE;
}

function only(texts: readonly string[]): string | null {
  return texts.length === 1 ? texts[0]! : null;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** The text of the first element of that name, in an XML body or in a form field that is XML in base64. */
function readXml(view: RequestView, name: string): string | null {
  const xml = xmlOf(view);
  if (xml === null) return null;
  const open = new RegExp(`<${name}(?:\\s[^<>]*)?>([^<]*)</${name}\\s*>`).exec(xml);
  return open === null
    ? null
    : open[1]!.replace(/&(lt|gt|amp|quot|apos);/g, (_, entity) => ENTITIES[entity]!);
}

function xmlOf(view: RequestView): string | null {
  const { text: body } = view;
  if (body?.slice(0, 200).trimStart().startsWith('<')) return body;
  const found: string[] = [];
  for (const value of [...(view.form?.values() ?? [])].flat()) {
    // Some encoders break the text into lines.
    const text = decodeStrictly(value.replace(/[\r\n]/g, ''), 'base64')?.toString();
    if (text?.trimStart().startsWith('<') === true) found.push(text);
  }
  // Two fields with XML are ambiguous.
  return found.length === 1 ? found[0]! : null;
}

/** The template for a text that may be a bare locator: `header:X-Id` becomes `{header:X-Id}`. */
export function asTemplate(text: string): string {
  return !text.includes('{') && compileLocator(text).ok ? `{${text}}` : text;
}
