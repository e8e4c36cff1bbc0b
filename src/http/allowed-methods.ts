import type { FastifyInstance } from 'fastify';

/** Tells the methods that a path answers to, as an Allow header lists them; '' when there is no such path. */
export type AllowedMethods = (url: string) => string;

type Route = Readonly<{ pattern: RegExp; methods: Set<string> }>;

/**
 * Listens to the routes that are registered from now on.
 * @param ingest paths that the framework does not know of
 * @param ingestMethods what else than POST they answer to, by the URL
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

/** `/webhooks/:id`, or `/docs/static/*` -> what matches it. */
function toPattern(url: string): RegExp {
  const source = url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+').replaceAll('*', '.*');
  return new RegExp(`^${source}$`);
}
