import { printable } from './printable.ts';

export type CurlRequest = Readonly<{
  method: string;
  /** With scheme and host. */
  url: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: Uint8Array;
}>;

/** What curl writes by itself, or what means the connection of then. */
const OWN = new Set([
  ...[
    'host',
    'content-length',
    'connection',
    'keep-alive',
    'transfer-encoding',
    'te',
    'trailer',
    'upgrade',
    'expect',
  ],
]);
/** What curl would add. */
const ADDED = ['Accept', 'User-Agent', 'Content-Type'];

/** Longest text in the command itself: the system bounds an argument. */
const INLINE_CHARS = 32_000;

/**
 * A command for a POSIX shell that sends the request, with the bytes of its body. It leaves out the headers that belong
 * to a connection.
 */
export function curlCommand({ method, url, headers, body }: CurlRequest): string {
  const sent = headers.filter(([name]) => !OWN.has(name.toLowerCase()));
  const names = new Set(sent.map(([name]) => name.toLowerCase()));
  const parts = [
    `curl --globoff --path-as-is -X ${quote(method)} ${quote(url)}`,
    ...sent.map(([name, value]) => `-H ${headerText(name, value)}`),
    ...ADDED.filter((name) => !names.has(name.toLowerCase())).map((name) => `-H ${quote(`${name}:`)}`),
  ];
  const text = Buffer.from(body).toString();
  if (body.length === 0) {
    return `${[...parts, ...(method === 'GET' ? [] : ["--data-raw ''"])].join(' \\\n  ')}\n`;
  }
  if (isPlain(text, body)) return `${[...parts, `--data-raw ${quote(text)}`].join(' \\\n  ')}\n`;
  const lines = Buffer.from(body)
    .toString('base64')
    .replaceAll(/.{76}/g, (line) => `${line}\n`);
  return `base64 -d <<'END' | ${[...parts, '--data-binary @-'].join(' \\\n  ')}\n${lines}\nEND\n`;
}

/** Whether it can stand in the command as it is, and be read there. */
function isPlain(text: string, body: Uint8Array): boolean {
  if (text.length > INLINE_CHARS || Buffer.compare(Buffer.from(text), body) !== 0) return false;
  return text.split('\n').every((line) => printable(line) === line);
}

/** An empty value needs a semicolon, or curl leaves the header out. Values are bytes, one for each character. */
function headerText(name: string, value: string): string {
  const text = value === '' ? `${name};` : `${name}: ${value}`;
  if (/^[\x20-\x7e]*$/.test(text)) return quote(text);
  const bytes = [...Buffer.from(text, 'latin1')].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`);
  return `"$(printf '%b' '${bytes.join('')}')"`;
}

/** Between single quotes a shell reads everything as it is, but them. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
