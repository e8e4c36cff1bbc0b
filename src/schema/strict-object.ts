import { z } from 'zod';

/** An object without other keys. For an unknown key the message lists the known ones. */
export function strict<Shape extends z.core.$ZodLooseShape>(shape: Shape, takes: string) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? keysOf(shape) : takes),
  });
}

/** An object of certain members, each named in the mistake if it is unknown. */
export function part<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return strict(shape, `an object with any of ${keysOf(shape)}`);
}

/** The keys of a shape as a mistake lists them. */
function keysOf(shape: object): string {
  return Object.keys(shape).join(', ');
}

/** Adds the issues of a part to the context, each with its own path and message. */
export function passOn(
  issues: readonly z.core.$ZodIssue[],
  context: Readonly<{ value: unknown; issues: z.core.$ZodRawIssue[] }>,
): void {
  for (const issue of issues) {
    context.issues.push({ ...issue, input: context.value } as unknown as z.core.$ZodRawIssue);
  }
}
