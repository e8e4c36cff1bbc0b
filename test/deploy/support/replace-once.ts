/** A pattern, and what is to stand in its place. */
export type Replacement = readonly [RegExp, string];

/** Replaces in a configuration what each pattern finds there. @throws Error when it is there more or less often than once */
export function replaceEachOnce(text: string, replacements: readonly Replacement[]): string {
  return replacements.reduce(replaceOnce, text);
}

function replaceOnce(text: string, [what, by]: Replacement): string {
  const found = text.match(new RegExp(what, 'g'))?.length ?? 0;
  if (found !== 1) throw new Error(`${what} is ${found} times in the configuration`);
  return text.replace(what, by);
}
