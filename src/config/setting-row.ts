import { z } from 'zod';
import type { Kind } from './env-kinds.ts';
import { findVariableFlaw } from './secret-text.ts';

/** One environment variable. */
export type Row<T> = Readonly<{
  default: string | null;
  takes: string;
  meaning: string;
  secret: boolean;
  field: z.ZodType<T, string | undefined>;
}>;

export function setting<T>(kind: Kind<T>, fallback: string, meaning: string): Row<T> {
  const field = z
    .string()
    .optional()
    .transform((text) => text || fallback)
    .pipe(kind.schema);
  return { default: fallback, takes: kind.takes, meaning, secret: false, field };
}

export function optional<T>(kind: Kind<T>, meaning: string): Row<T | null> {
  const field = z
    .string()
    .optional()
    .transform((text) => text || null)
    .pipe(kind.schema.nullable());
  return { default: null, takes: kind.takes, meaning, secret: false, field };
}

/** Marks a row whose value is never printed, and must be free of what files and shells add to secrets. */
export function secret<T>(row: Row<T>): Row<T> & Readonly<{ secret: true }> {
  const field = z
    .string()
    .optional()
    .refine((text = '') => findVariableFlaw(text) === null)
    .pipe(row.field);
  return { ...row, secret: true, field };
}
