import { fileProblems } from './problem-lines.ts';
import { type FileValues, fileSchema } from './schema.ts';

export type FileCheck = Readonly<{
  /** Empty when there are mistakes. */
  values: FileValues;
  problems: readonly string[];
}>;

/**
 * Checks the value of a config file.
 * @param name what to call the value as a whole in a mistake
 */
export function checkFile(value: unknown, name: string): FileCheck {
  const parsed = fileSchema.safeParse(value);
  if (parsed.success) return { values: parsed.data, problems: [] };
  return { values: {}, problems: fileProblems(parsed.error.issues, value, name) };
}
