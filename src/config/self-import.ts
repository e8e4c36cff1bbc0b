import { type ResolveHookSync, registerHooks } from 'node:module';

const OWN_NAME = 'webhook-receiver';

/** The index module of the running program, with this file's extension: published code is compiled. */
export const OWN_INDEX = new URL(
  import.meta.url.endsWith('.ts') ? '../index.ts' : '../index.js',
  import.meta.url,
).href;

/** The verifier alone, `webhook-receiver/verify`. */
export const OWN_VERIFY = OWN_INDEX.replace(/index(\.[jt]s)$/, 'verify/index$1');

const OWN_URLS: ReadonlyMap<string, string> = new Map([
  [OWN_NAME, OWN_INDEX],
  [`${OWN_NAME}/verify`, OWN_VERIFY],
]);

/** Resolves `webhook-receiver` to the running program, from any folder. */
export const resolveOwnName: ResolveHookSync = (specifier, context, nextResolve) => {
  const url = OWN_URLS.get(specifier);
  return url === undefined ? nextResolve(specifier, context) : { url, shortCircuit: true };
};

let isRegistered = false;

/**
 * Lets config files and handler modules import `webhook-receiver`. A config folder seldom has the package
 * installed, and a second copy would have another PermanentError class, which the receiver would not recognise.
 */
export function provideOwnModule(): void {
  if (isRegistered) return;
  isRegistered = true;
  registerHooks({ resolve: resolveOwnName });
}
