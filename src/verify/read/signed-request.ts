import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { bodyText, bodyUtf8 } from './body-text.ts';
import { bufferOf } from './decode.ts';
import { readJson } from './parse-json.ts';
import { parseMultipart } from './parse-multipart.ts';
import { type Fields, parseUrlencoded } from './parse-urlencoded.ts';
import { unpackBody } from './unpack.ts';

/** A request as schemes see it. `url` is absolute, as the sender knows it (the public URL). `headers` is flat, as sent. */
export type SignedRequest = Readonly<{
  method: string;
  url: string;
  headers: readonly string[];
  body: Uint8Array;
}>;

/** The request as a view that parses on demand, once. Pass the same view to verify and identify. */
export function viewOf(request: SignedRequest): RequestView {
  return request instanceof RequestView ? request : new RequestView(request);
}

/** Remembers what was parsed: `undefined` inside is "tried, and it is not that". */
type Lazy<T> = { value: T } | null;

export class RequestView implements SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  #content: Lazy<Uint8Array | null> = null;
  #json: Lazy<unknown> = null;
  #form: Lazy<Fields | undefined> = null;
  #query: Fields | null = null;
  #sha256: string | null = null;
  #fieldJson: Map<string, unknown> | null = null;

  constructor(request: SignedRequest) {
    this.method = request.method;
    this.url = request.url;
    this.headers = request.headers;
    this.body = request.body;
  }

  /** The header's value if it came exactly once. @param name in lower case */
  header(name: string): string | null {
    let found: string | null = null;
    for (let i = 0; i + 1 < this.headers.length; i += 2) {
      if (!sameName(this.headers[i]!, name)) continue;
      // Two headers are ambiguous, and the handler may read the other one.
      if (found !== null) return null;
      found = this.headers[i + 1]!;
    }
    return found;
  }

  /** Every value of the header, in order. @param name in lower case */
  headerAll(name: string): string[] {
    const found: string[] = [];
    for (let i = 0; i + 1 < this.headers.length; i += 2) {
      if (sameName(this.headers[i]!, name)) found.push(this.headers[i + 1]!);
    }
    return found;
  }

  /** Values of every header whose name has the prefix. @param prefix in lower case */
  headersBeginning(prefix: string): string[] {
    const found: string[] = [];
    for (let i = 0; i + 1 < this.headers.length; i += 2) {
      if (this.headers[i]!.toLowerCase().startsWith(prefix)) found.push(this.headers[i + 1]!);
    }
    return found;
  }

  hasHeader(name: string): boolean {
    for (let i = 0; i + 1 < this.headers.length; i += 2) {
      if (sameName(this.headers[i]!, name)) return true;
    }
    return false;
  }

  /** In lower case, without parameters; empty if there is none. */
  get mediaType(): string {
    const value = this.#contentType;
    const end = value.indexOf(';');
    return (end === -1 ? value : value.slice(0, end)).trim().toLowerCase();
  }

  /** Parameters of the URL; empty if they do not decode. */
  get query(): Fields {
    if (this.#query === null) {
      const text = /\?([^#]*)/.exec(this.url)?.[1] ?? '';
      this.#query = parseUrlencoded(text) ?? new Map();
    }
    return this.#query;
  }

  /** The body as it was before its Content-Encoding; null if that cannot be undone within the bounds. */
  get content(): Uint8Array | null {
    this.#content ??= { value: unpackBody(this.body, this.headerAll('content-encoding').join()) };
    return this.#content.value;
  }

  /** The content as text, without a byte order mark; null if it is none. Made anew each time, and not kept. */
  get text(): string | null {
    return this.content === null ? null : bodyText(this.content, this.#contentType);
  }

  /** The body as JSON, whatever its content type says; undefined if it is not. A large one is LazyJson. */
  get json(): unknown {
    if (this.#json === null) {
      const bytes = this.content === null ? null : bodyUtf8(this.content, this.#contentType);
      this.#json = { value: bytes === null ? undefined : readJson(bytes) };
    }
    return this.#json.value;
  }

  /**
   * Whether the body says what it is, by its content type or its beginning, and cannot be read so: what it says of the
   * event is then unknown, and not absent.
   */
  get isUnreadable(): boolean {
    if (this.body.length === 0) return false;
    if (this.content === null) return true;
    const type = this.mediaType;
    if (type === 'multipart/form-data' || type === 'application/x-www-form-urlencoded') {
      return this.form === undefined && this.json === undefined;
    }
    return (JSON_TYPE.test(type) || opensObject(this.content)) && this.json === undefined;
  }

  get #contentType(): string {
    return this.header('content-type') ?? '';
  }

  /**
   * Fields of a form body; undefined if it is not a form. A body without a content type is read as a form, except a JSON
   * object or array: of a body that is both, one reading could be signed and the other one used.
   */
  get form(): Fields | undefined {
    this.#form ??= { value: this.#parseForm() };
    return this.#form.value;
  }

  #parseForm(): Fields | undefined {
    if (this.content === null) return undefined;
    if (opensJson(this.content) && typeof this.json === 'object') return undefined;
    return parseForm(this.mediaType, this.#contentType, this.content);
  }

  /** A form field as JSON; undefined if it is not there once, or not JSON. */
  fieldJson(name: string): unknown {
    this.#fieldJson ??= new Map();
    const parsed = this.#fieldJson;
    if (!parsed.has(name)) {
      const values = this.form?.get(name);
      parsed.set(name, values?.length === 1 ? readJson(Buffer.from(values[0]!)) : undefined);
    }
    return parsed.get(name);
  }

  get bodySha256Hex(): string {
    this.#sha256 ??= hash('sha256', this.body, 'hex');
    return this.#sha256;
  }

  /** CRC32 of the body, unsigned. */
  get crc32(): number {
    return crc32(this.body);
  }
}

const JSON_TYPE = /^(?:application|text)\/(?:json|[^;]+\+json)$/;

/** Whether an object or array may begin here, behind the white space of JSON and a byte order mark. */
function opensJson(body: Uint8Array): boolean {
  const first = firstOf(body);
  return first === OPEN_OBJECT || first === 0x5b;
}

function opensObject(body: Uint8Array): boolean {
  return firstOf(body) === OPEN_OBJECT;
}

const OPEN_OBJECT = 0x7b;
const PASSED_OVER: ReadonlySet<number> = new Set([0x20, 0x0a, 0x0d, 0x09, 0xef, 0xbb, 0xbf, 0xff, 0xfe, 0]);

function firstOf(body: Uint8Array): number | undefined {
  return body.find((byte) => !PASSED_OVER.has(byte));
}

function sameName(name: string, lower: string): boolean {
  return name.length === lower.length && (name === lower || name.toLowerCase() === lower);
}

const NO_FIELDS: Fields = new Map();

/** Fields of a form body; undefined if the body is no form, or a broken one. */
export function parseForm(mediaType: string, contentType: string, body: Uint8Array): Fields | undefined {
  if (mediaType === 'multipart/form-data') return parseMultipart(contentType, body);
  if (mediaType !== '' && mediaType !== 'application/x-www-form-urlencoded') return undefined;
  if (body.length === 0) return NO_FIELDS;
  if (!isUtf8(body)) return undefined;
  return parseUrlencoded(bufferOf(body).toString());
}
