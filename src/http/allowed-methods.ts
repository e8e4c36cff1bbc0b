import type { FastifyInstance } from 'fastify';

/** Returns the methods of a path as the value of an Allow header, or '' for an unknown path. */
export type AllowedMethods = (url: string) => string;

type Route = Readonly<{ pattern: RegExp; methods: Set<string> }>;

/**
 * Collects the methods of all routes that are registered from now on.
 * @param ingest paths that bypass the framework
 * @param ingestMethods their methods besides POST, by URL
 */
export function collectMethods(
  api: FastifyInstance,
  ingest: readonly string[],
  ingestMethods: (url: string) => readonly string[],
): AllowedMethods {
  const routes = new Map<string, Route>();
  const add = (url: string, methods: readonly string[]) => {
    const route = routes.get(url) ?? { pattern: toPattern(url), methods: new Set() };
    for (const method of methods) route.methods.add(method);
    routes.set(url, route);
  };
  for (const url of ingest) add(url, ['POST']);
  api.addHook('onRoute', ({ url, method }) => add(url, [method].flat()));
  return (url) => {
    const path = url.split('?', 1)[0]!;
    const matching = [...routes.values()].filter(({ pattern }) => pattern.test(path));
    const methods = new Set([...matching.flatMap((route) => [...route.methods]), ...ingestMethods(url)]);
    return [...methods].toSorted().join(', ');
  };
}

/** A route such as `/webhooks/:id` or `/docs/static/*` as a pattern. */
function toPattern(url: string): RegExp {
  const source = url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+').replaceAll('*', '.*');
  return new RegExp(`^${source}$`);
}
