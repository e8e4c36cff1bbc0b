/** Replaces what is in a configuration exactly once. @throws Error when it is there more or less often */
export function replaceOnce(text: string, what: RegExp, by: string): string {
  const found = text.match(new RegExp(what, 'g'))?.length ?? 0;
  if (found !== 1) throw new Error(`${what} is ${found} times in the configuration`);
  return text.replace(what, by);
}
