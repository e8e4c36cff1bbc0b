import { join } from 'node:path';

const config = (name: string) => join(import.meta.dirname, `${name}.config.ts`);

/** The configuration modules of this folder, as CONFIG takes them. */
export const INSTANT = config('instant');

/**
 * For handlers that return at once: a worker is also taken while its claim and its result are committed, so the default
 * of 85, made for handlers that wait for somebody, would measure the disk's latency.
 */
export const INSTANT_ENV = { WORKER_COUNT: '500' } as const;
export const COMPLETING = config('completing');
export const ORDERED = config('ordered');
export const BLOCKED = config('blocked');
export const UNWANTED = config('unwanted');
export const VERIFIED = config('verified');
export const LARGE = config('large');
export const FORWARDING = config('forwarding');
