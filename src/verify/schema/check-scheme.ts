import type { z } from 'zod';
import { schemeSchema } from './scheme-schema.ts';

/**
 * Problems of a user's scheme, one line each, with the path first: `.sig.from: …`. Empty if the scheme is valid.
 */
export function checkScheme(scheme: unknown): readonly string[] {
  const parsed = schemeSchema.safeParse(scheme);
  return parsed.success ? [] : parsed.error.issues.flatMap(linesOf);
}

function linesOf(issue: z.core.$ZodIssue): readonly string[] {
  const { path, message } = issue;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${placeOf([...path, key])}: not a known key, takes one of ${message}`);
  }
  const takes = issue.code === 'invalid_key' ? issue.issues[0]?.message : message;
  return [`${placeOf(path)}: takes ${takes}`];
}

function placeOf(path: readonly PropertyKey[]): string {
  return path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
}
