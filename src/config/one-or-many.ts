import { z } from 'zod';
import { passOn } from '../schema/strict-object.ts';

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
