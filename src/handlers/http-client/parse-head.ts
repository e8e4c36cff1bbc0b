/** How the end of an answer's body is found. */
export type Framing =
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'length'; bytes: number }>
  | Readonly<{ kind: 'chunked' }>
  /** By the end of the connection. */
  | Readonly<{ kind: 'close' }>
  /** Not at all: the headers make no sense. */
  | Readonly<{ kind: 'unknown' }>;

export type AnswerHead = Readonly<{
  status: number;
  /** By name in lower case; the values of a repeated header in their order. */
  fields: ReadonlyMap<string, readonly string[]>;
  framing: Framing;
  /** Whether the connection may carry another request after the body. */
  isPersistent: boolean;
}>;

const STATUS_LINE = /^HTTP\/(\d)(?:\.(\d))?[ \t]+([1-9]\d\d)(?!\d)/i;
const LENGTH = /^\d{1,15}$/;

/**
 * Parses the status line and headers of an answer. Whatever the status line says is taken: lines may end with LF alone,
 * headers may be folded, malformed or cut off. But a connection is persistent only if its framing is beyond doubt.
 * @param text without the blank line at the end, one character for each byte
 * @returns null when it does not begin with a status line
 */
export function parseHead(text: string): AnswerHead | null {
  const lines = text.split('\n');
  const line = STATUS_LINE.exec(lines[0]!);
  if (line === null) return null;
  const status = Number(line[3]);
  const { fields, isWellFormed } = parseFields(lines);
  const { framing, isCertain } = framingOf(status, fields);
  const connection = tokensOf(fields, 'connection');
  const staysOpen = connection.includes('keep-alive') || (line[1] === '1' && line[2] === '1');
  const isPersistent = isWellFormed && isCertain && staysOpen && !connection.includes('close');
  return { status, fields, framing, isPersistent };
}

/** @param lines the first is the status line */
function parseFields(lines: readonly string[]) {
  const fields = new Map<string, string[]>();
  let values: string[] | null = null;
  let isWellFormed = true;
  for (let at = 1; at < lines.length; at += 1) {
    const line = lines[at]!.trimEnd();
    const colon = line.indexOf(':');
    if (values !== null && (line.startsWith(' ') || line.startsWith('\t'))) {
      values.push(`${values.pop()} ${line.trim()}`);
    } else if (colon > 0) {
      const name = line.slice(0, colon).trim().toLowerCase();
      values = fields.get(name) ?? [];
      values.push(line.slice(colon + 1).trim());
      fields.set(name, values);
    } else isWellFormed = false;
  }
  return { fields, isWellFormed };
}

/** RFC 9112, section 6.3. Of several lengths the least counts, since waiting for more bytes could take for ever. */
function framingOf(
  status: number,
  fields: ReadonlyMap<string, readonly string[]>,
): Readonly<{ framing: Framing; isCertain: boolean }> {
  const lengths = tokensOf(fields, 'content-length');
  const codings = tokensOf(fields, 'transfer-encoding').filter((coding) => coding !== 'identity');
  if (status === 204 || status === 304) return { framing: { kind: 'none' }, isCertain: codings.length === 0 };
  if (codings.length > 0) {
    const isChunked = codings.at(-1) === 'chunked';
    const isCertain = isChunked && codings.length === 1 && lengths.length === 0;
    return { framing: { kind: isChunked ? 'chunked' : 'close' }, isCertain };
  }
  if (lengths.length === 0) return { framing: { kind: 'close' }, isCertain: false };
  if (!lengths.every((length) => LENGTH.test(length)))
    return { framing: { kind: 'unknown' }, isCertain: false };
  return {
    framing: { kind: 'length', bytes: Math.min(...lengths.map(Number)) },
    isCertain: lengths.length === 1,
  };
}

/** The comma-separated tokens of a header, in lower case. */
function tokensOf(fields: ReadonlyMap<string, readonly string[]>, name: string): readonly string[] {
  const values = fields.get(name);
  if (values === undefined) return [];
  return values.flatMap((value) => value.split(',').map((token) => token.trim().toLowerCase()));
}
