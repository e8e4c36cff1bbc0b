/**
 * Compiles a glob over source names or event types: `*` matches any run of characters, dots included, and
 * every other character matches itself. So `order.*` matches `order.created` and `order.line.added`, but not `orders`.
 */
export function compileGlob(pattern: string): (value: string) => boolean {
  if (pattern === '*') return () => true;
  if (!pattern.includes('*')) return (value) => value === pattern;
  const [head, ...tail] = pattern.split('*') as [string, ...string[]];
  const last = tail.pop() ?? '';
  return (value) => matchParts(value, head, tail, last);
}

/** Greedy left-to-right search: linear in the value, where a regular expression could be made to backtrack. */
function matchParts(value: string, head: string, middle: readonly string[], last: string): boolean {
  if (value.length < head.length + last.length) return false;
  if (!value.startsWith(head) || !value.endsWith(last)) return false;
  const end = value.length - last.length;
  let at = head.length;
  for (const part of middle) {
    const found = value.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** Whether the texts stand in the value in this order, the first at its start and the last at its end. One is the value itself. */
export function matchesParts(value: string, parts: readonly string[]): boolean {
  const [head = '', ...tail] = parts;
  const last = tail.pop();
  return last === undefined ? value === head : matchParts(value, head, tail, last);
}
