import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { parseJson } from './parse-json.ts';
import { parseMultipart } from './parse-multipart.ts';
import { type Fields, parseUrlencoded } from './parse-urlencoded.ts';

/** What schemes see. `url` is absolute, as the sender knows it (the public URL). `headers` flat, as sent. */
export type SignedRequest = Readonly<{
  method: string;
  url: string;
  headers: readonly string[];
  body: Uint8Array;
}>;

/** The request as a view that parses what it is asked for, once. Give the same one to verify and identify. */
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
      // Which of two was signed is anyone's guess, and the handler may guess otherwise.
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

  /** Values of every header whose name begins so. @param prefix in lower case */
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
    const value = this.header('content-type') ?? '';
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

  /** The body as JSON, whatever its content type says; undefined if it is not. */
  get json(): unknown {
    this.#json ??= { value: isUtf8(this.body) ? parseJson(bufferOf(this.body).toString()) : undefined };
    return this.#json.value;
  }

  /**
   * Fields of a form body; undefined if it is none. A body without a content type is taken as a form, but never one that
   * is a JSON object or array: of what is both, one reading could be signed and the other one used.
   */
  get form(): Fields | undefined {
    this.#form ??= { value: this.#parseForm() };
    return this.#form.value;
  }

  #parseForm(): Fields | undefined {
    if (opensJson(this.body) && typeof this.json === 'object') return undefined;
    return parseForm(this.mediaType, this.header('content-type') ?? '', this.body);
  }

  /** A form field as JSON; undefined if it is not there once, or not JSON. */
  fieldJson(name: string): unknown {
    this.#fieldJson ??= new Map();
    const parsed = this.#fieldJson;
    if (!parsed.has(name)) {
      const values = this.form?.get(name);
      parsed.set(name, values?.length === 1 ? parseJson(values[0]!) : undefined);
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

/** Whether an object or array may begin here, behind the white space of JSON. */
function opensJson(body: Uint8Array): boolean {
  const first = body.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
  return first === 0x7b || first === 0x5b;
}

function sameName(name: string, lower: string): boolean {
  return name.length === lower.length && (name === lower || name.toLowerCase() === lower);
}

/** The same bytes as a Buffer, without a copy. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
