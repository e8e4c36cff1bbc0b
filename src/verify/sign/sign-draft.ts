import { bufferOf } from '../read/decode.ts';
import { parsePointer, resolvePointer } from '../read/json-pointer.ts';
import { parseJson } from '../read/parse-json.ts';
import { parseUrlencoded } from '../read/parse-urlencoded.ts';
import { RequestView } from '../read/signed-request.ts';
import type { Locator } from '../scheme.ts';
import { SchemeError } from '../scheme-error.ts';

export type SignedWebhook = Readonly<{
  method: string;
  url: string;
  headers: readonly string[];
  body: Uint8Array;
}>;

/** A request under construction: values are put where locators say. */
export class Draft {
  readonly method: string;
  url: string;
  readonly headers: string[];
  body: Uint8Array;

  constructor(request: SignedWebhook) {
    this.method = request.method;
    this.url = request.url;
    this.headers = [...request.headers];
    this.body = request.body;
  }

  view(): RequestView {
    return new RequestView(this);
  }

  /** Puts the value where the locator says, replacing any value there. @param item the pointer to the current item */
  put(locator: Locator, value: string, item = ''): void {
    const at = locator.indexOf(':');
    const name = locator.slice(at + 1);
    switch (locator.slice(0, at)) {
      case 'header':
        this.putHeader(name.replace(/\*$/, '1'), value);
        return;
      case 'query':
        this.putQuery(name, value);
        return;
      case 'body':
        this.putJson(name, value);
        return;
      case 'item':
        this.putJson(item + name, value);
        return;
      case 'form':
        this.putField(name, value);
        return;
      default:
        throw new SchemeError([`a sample cannot be signed: nothing can be put at ${locator}`]);
    }
  }

  private putHeader(name: string, value: string): void {
    const at = this.headers.findIndex((one, i) => i % 2 === 0 && one.toLowerCase() === name.toLowerCase());
    if (at === -1) this.headers.push(name, value);
    else this.headers[at + 1] = value;
  }

  private putQuery(name: string, value: string): void {
    const separator = this.url.includes('?') ? '&' : '?';
    this.url += `${separator}${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
  }

  private putJson(pointer: string, value: string): void {
    const root = parseJson(bufferOf(this.body).toString());
    this.body = Buffer.from(stringify(withValue(root, pointer, value)));
  }

  private putField(text: string, value: string): void {
    const at = text.indexOf('/');
    const name = at === -1 ? text : text.slice(0, at);
    const isRawJson = at !== -1 && parseJson(bufferOf(this.body).toString()) !== undefined;
    if (isRawJson) {
      this.putJson(text.slice(at), value);
      return;
    }
    const fields = new Map(parseUrlencoded(bufferOf(this.body).toString()) ?? []);
    const old = fields.get(name)?.[0] ?? '{}';
    fields.set(name, [at === -1 ? value : stringify(withValue(parseJson(old), text.slice(at), value))]);
    const pairs = [...fields].flatMap(([key, values]) => values.map((one): [string, string] => [key, one]));
    this.body = Buffer.from(new URLSearchParams(pairs).toString());
  }
}

function withValue(root: unknown, pointer: string, value: string): unknown {
  const path = parsePointer(pointer) ?? [];
  const name = path.at(-1);
  const parents = path.slice(0, -1);
  const wanted = resolvePointer(root, parents);
  const holder = typeof wanted === 'object' && wanted !== null ? wanted : addParents(root, parents);
  if (name === undefined || holder === null) {
    throw new SchemeError([`a sample cannot be signed: its body is no JSON object to put ${pointer} into`]);
  }
  const members = holder as Record<string, unknown>;
  // A number stays a number, as the provider sends it.
  members[name] = typeof members[name] === 'number' ? Number(value) : value;
  return root;
}

function addParents(root: unknown, path: readonly string[]): object | null {
  let holder: unknown = root;
  for (const part of path) {
    if (typeof holder !== 'object' || holder === null) return null;
    const members = holder as Record<string, unknown>;
    members[part] ??= {};
    holder = members[part];
  }
  return typeof holder === 'object' ? holder : null;
}

function stringify(value: unknown): string {
  return JSON.stringify(value, (_key, one) => (typeof one === 'bigint' ? Number(one) : one));
}
