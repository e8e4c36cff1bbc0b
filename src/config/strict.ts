import { z } from 'zod';

/** An object without other keys. For an unknown key the message is the list of those that are known. */
export function strict<Shape extends z.core.$ZodLooseShape>(shape: Shape, takes: string) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? keysOf(shape) : takes),
  });
}

/** The keys of a shape as a mistake lists them. */
export function keysOf(shape: object): string {
  return Object.keys(shape).join(', ');
}

/** Whether a value has keys at all. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One value or a list of them, as a list. Mistakes have the paths of what was written: no index for a single value. */
export function oneOrMany<T extends z.ZodType>(item: T, max: number, takes: string) {
  const list = z.array(item, takes).refine(({ length }) => length >= 1 && length <= max, takes);
  return z.unknown().transform((value, context): readonly z.output<T>[] => {
    const parsed = Array.isArray(value) ? list.safeParse(value) : item.safeParse(value);
    if (parsed.success) return (Array.isArray(value) ? parsed.data : [parsed.data]) as z.output<T>[];
    passOn(parsed.error.issues, context);
    return z.NEVER;
  });
}

/** Tells the mistakes of a part as one's own, each with its own path and message. */
export function passOn(
  issues: readonly z.core.$ZodIssue[],
  context: Readonly<{ value: unknown; issues: z.core.$ZodRawIssue[] }>,
): void {
  for (const issue of issues) {
    context.issues.push({ ...issue, input: context.value } as unknown as z.core.$ZodRawIssue);
  }
}
