/** Where a text stops being JSON, as editors count: line and column from 1. */
export type TextPosition = Readonly<{ line: number; column: number; found: string }>;

/**
 * Finds the first syntax error of a JSON text, or null. JSON.parse's own message often lacks the position, and
 * quotes the text around it, which may be a secret.
 */
export function findJsonError(text: string): TextPosition | null {
  const offset = jsonErrorOffset(text);
  if (offset === null) return null;
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const found =
    offset === text.length
      ? 'the end of the file'
      : JSON.stringify(String.fromCodePoint(text.codePointAt(offset)!));
  return { line, column: offset - before.lastIndexOf('\n'), found };
}

const SPACE = /[ \t\r\n]*/y;
const PUNCTUATION = /[{}[\]:,]/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON refuses exactly these inside strings.
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

type Token = '{' | '}' | '[' | ']' | ':' | ',' | 'string' | 'scalar';
/** `item`: a value or the end of the list. `firstKey`: a key or the end of the object. `more`: a comma or an end. */
type Expected = 'value' | 'item' | 'firstKey' | 'key' | 'colon' | 'more' | 'end';
type Open = ('{' | '[')[];

function jsonErrorOffset(text: string): number | null {
  const open: Open = [];
  let expected: Expected = 'value';
  let at = matchAt(SPACE, text, 0)!;
  while (at < text.length) {
    const [token, end] = tokenAt(text, at) ?? [];
    const next: Expected | null = token === undefined ? null : step(expected, token, open);
    if (next === null) return at;
    expected = next;
    at = matchAt(SPACE, text, end!)!;
  }
  return expected === 'end' ? null : at;
}

function tokenAt(text: string, at: number): readonly [Token, number] | null {
  const punctuation = matchAt(PUNCTUATION, text, at);
  if (punctuation !== null) return [text[at] as Token, punctuation];
  const string = matchAt(STRING, text, at);
  if (string !== null) return ['string', string];
  const scalar = matchAt(SCALAR, text, at);
  return scalar === null ? null : ['scalar', scalar];
}

/** @returns where the match that begins at the offset ends, or null */
function matchAt(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}

/** @returns what may follow the token, or null if the token may not be here */
function step(expected: Expected, token: Token, open: Open): Expected | null {
  switch (expected) {
    case 'item':
      return token === ']' ? close(open, '[') : startValue(token, open);
    case 'value':
      return startValue(token, open);
    case 'firstKey':
      return token === '}' ? close(open, '{') : afterKey(token);
    case 'key':
      return afterKey(token);
    case 'colon':
      return token === ':' ? 'value' : null;
    case 'more':
      return goOn(token, open);
    case 'end':
      return null;
  }
}

function startValue(token: Token, open: Open): Expected | null {
  if (token === 'string' || token === 'scalar') return afterValue(open);
  if (token !== '{' && token !== '[') return null;
  open.push(token);
  return token === '{' ? 'firstKey' : 'item';
}

function afterKey(token: Token): Expected | null {
  return token === 'string' ? 'colon' : null;
}

function goOn(token: Token, open: Open): Expected | null {
  if (token === ',') return open.at(-1) === '{' ? 'key' : 'value';
  if (token === '}') return close(open, '{');
  return token === ']' ? close(open, '[') : null;
}

function close(open: Open, opener: '{' | '['): Expected | null {
  if (open.at(-1) !== opener) return null;
  open.pop();
  return afterValue(open);
}

function afterValue(open: Open): Expected {
  return open.length === 0 ? 'end' : 'more';
}
