import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { OtlpTarget } from './sdk-options.ts';

/** Explicit, so that the exporters' own reading of the environment adds nothing but certificates. */
export function exporterOptions({ url, headers, timeoutMs, compression }: OtlpTarget) {
  return { url, headers: { ...headers }, timeoutMillis: timeoutMs, compression: compression as never };
}

/** What traces and metrics are of. */
export function resourceOf(attributes: Readonly<Record<string, string>>): Resource {
  return defaultResource().merge(resourceFromAttributes(attributes));
}
