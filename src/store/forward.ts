import type { Answer, Method, Operation, Store } from './store.ts';

/**
 * A driver's verbs: the port's methods, each behind what the driver needs for it. A file for each role declares a table
 * of them, so that a new method of the port is registered where it is written.
 */
export type Verbs<Context, Name extends Method> = {
  readonly [Each in Name]: (
    context: Context,
    ...args: Parameters<Store[Each]>
  ) => Answer<Each> | Promise<Answer<Each>>;
};

/** The names in a table that has an entry for each method. */
export function methodsOf<Name extends string>(table: Readonly<Record<Name, unknown>>): readonly Name[] {
  return Object.keys(table) as Name[];
}

/** Makes the named methods of the port, each of which hands its call on as one value. */
export function forward<Name extends Method>(
  names: readonly Name[],
  perform: (operation: Operation<Name>) => Promise<Answer<Name>>,
): Pick<Store, Name> {
  const methods = names.map((method) => [
    method,
    (...args: unknown[]) => perform({ method, args } as unknown as Operation<Name>),
  ]);
  return Object.fromEntries(methods) as Pick<Store, Name>;
}

/** Runs the verb that the operation names. */
export function runVerb<Context, Name extends Method>(
  verbs: Verbs<Context, Name>,
  context: Context,
  { method, args }: Operation<Name>,
): Answer<Name> | Promise<Answer<Name>> {
  const verb = verbs[method] as (
    context: Context,
    ...args: unknown[]
  ) => Answer<Name> | Promise<Answer<Name>>;
  return verb(context, ...args);
}
