import { join } from 'node:path';

const config = (name: string) => join(import.meta.dirname, `${name}.config.ts`);

/** The configuration modules of this folder, as CONFIG takes them. */
export const INSTANT = config('instant');
export const BLOCKED = config('blocked');
export const UNWANTED = config('unwanted');
