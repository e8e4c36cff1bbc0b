import { z } from 'zod';
import { DEFAULT_SOURCE } from '../domain/source.ts';
import { passOn, strict } from '../schema/strict-object.ts';
import { alertsField } from './alerts.ts';
import { nameField } from './destination-fields.ts';
import { destinationSchema } from './destinations.ts';
import { findMissingEnv } from './env.ts';
import { logLevel } from './env-kinds.ts';
import { NAMED_MAX } from './limits.ts';
import { fileProblems, missingEnvProblem, pathText } from './problems.ts';
import { SOURCE_TAKES, type SourceValues, sourceSchema } from './sources.ts';
import { tellsApart, tokenSchema } from './tokens.ts';

/** The value of a config file. */
/** A source, or false, which closes it. */
const closableSource = z.unknown().transform((value, context): SourceValues | false => {
  if (value === false) return false;
  const parsed = sourceSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  passOn(parsed.error.issues, context);
  return z.NEVER;
});

function onlyDefaultIsClosed(
  sources: Readonly<Record<string, SourceValues | false>>,
  context: z.core.$RefinementCtx,
): void {
  for (const [name, source] of Object.entries(sources)) {
    if (source !== false || name === DEFAULT_SOURCE) continue;
    context.addIssue({ code: 'custom', path: [name], message: `${SOURCE_TAKES}; only default can be false` });
  }
}

const logLevelField = z.string(logLevel.takes).pipe(logLevel.schema);

const fileSchema = strict(
  {
    sources: named(closableSource, 'sources').superRefine(onlyDefaultIsClosed).optional(),
    destinations: named(destinationSchema, 'destinations').optional(),
    tokens: named(tokenSchema, 'tokens').superRefine(tellsApart).optional(),
    logLevel: logLevelField.optional(),
    alerts: alertsField.optional(),
  },
  'an object with sources, destinations and tokens',
);
export type FileValues = z.output<typeof fileSchema>;

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
  // A missing variable is the only problem to report about its field.
  const known = new Set(missing.map(({ path }) => pathText(path)));
  const issues = parsed.error?.issues.filter(({ path }) => !known.has(pathText(path))) ?? [];
  return { values: {}, problems: [...missing.map(missingEnvProblem), ...fileProblems(issues, value, name)] };
}

function named<T extends z.ZodType>(schema: T, noun: string) {
  const takes = `an object of at most ${NAMED_MAX} ${noun} by name`;
  return z
    .record(nameField, schema, takes)
    .refine((value) => Object.keys(value).length <= NAMED_MAX, takes)
    .readonly();
}
