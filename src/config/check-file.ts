import { findMissingEnv } from './env.ts';
import { fileProblems, missingEnvProblem, pathText } from './problem-lines.ts';
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
  const missing = findMissingEnv(value);
  const parsed = fileSchema.safeParse(value);
  if (parsed.success && missing.length === 0) return { values: parsed.data, problems: [] };
  // What has no value yet is not wrong in any other way.
  const known = new Set(missing.map(({ path }) => pathText(path)));
  const issues = parsed.error?.issues.filter(({ path }) => !known.has(pathText(path))) ?? [];
  return { values: {}, problems: [...missing.map(missingEnvProblem), ...fileProblems(issues, value, name)] };
}
