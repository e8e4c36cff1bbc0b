import { identify } from '../verify/identity/identify.ts';
import type { Provider } from '../verify/provider.ts';
import { parsePointer } from '../verify/read/json-pointer.ts';
import type { SampleEvent } from '../verify/sign/sample-event.ts';

/** The event type that the receiver reads from a request of the provider. */
export function typeOfSample(provider: Provider, { headers, body }: SampleEvent): string {
  const request = { method: 'POST', url: 'http://127.0.0.1/', headers: Object.entries(headers).flat(), body };
  return identify(provider, request, 0).eventType;
}

/**
 * Changes a sample so that the receiver reads the given event type from it. Types of several parts, such as
 * `issues.opened`, are taken apart as the provider's template puts them together.
 * @returns null if the sample cannot have that type
 */
export function fitSample(provider: Provider, event: SampleEvent, eventType: string): SampleEvent | null {
  const candidates = [
    ...provider.eventType.filter((template) => locatorsOf(template).length > 1),
    null,
    ...provider.eventType.filter((template) => locatorsOf(template).length === 1),
  ];
  for (const template of candidates) {
    const fitted = template === null ? event : fitTemplate(event, template, eventType);
    if (fitted !== null && typeOfSample(provider, fitted) === eventType) return fitted;
  }
  return null;
}

function locatorsOf(template: string): string[] {
  return [...template.matchAll(/\{([^{}]+)\}/g)].map(([, locator]) => locator!);
}

function fitTemplate(event: SampleEvent, template: string, eventType: string): SampleEvent | null {
  const pattern = template
    .split(/(\{[^{}]+\})/)
    .map((part) => (part.startsWith('{') ? '(.+?)' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  const [, ...values] = new RegExp(`^${pattern.join('')}$`).exec(eventType) ?? [];
  if (values.length === 0) return null;
  return locatorsOf(template).reduce<SampleEvent | null>(
    (fitted, locator, at) => (fitted === null ? null : setAt(fitted, locator, values[at]!)),
    event,
  );
}

/** Puts a value where a locator reads it; null where that is not possible. */
function setAt(event: SampleEvent, locator: string, value: string): SampleEvent | null {
  const at = locator.indexOf(':');
  const [kind, rest] = [locator.slice(0, at), locator.slice(at + 1)];
  if (kind === 'header') {
    const others = Object.entries(event.headers).filter(
      ([name]) => name.toLowerCase() !== rest.toLowerCase(),
    );
    return { ...event, headers: { ...Object.fromEntries(others), [rest]: value } };
  }
  const json = jsonOf(event.body);
  if (json === undefined) return null;
  const changed = kind === 'body' ? setMember(json, parsePointer(rest) ?? [], value) : null;
  const body = kind === 'key' ? renameMember(json, rest.split(','), value) : changed;
  return body === null ? null : { ...event, body: Buffer.from(JSON.stringify(body)) };
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}

/** The JSON with the value at the path; a part `*` is the first item of an array. */
function setMember(json: unknown, path: readonly string[], value: string): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return value;
  if (Array.isArray(json)) {
    const at = part === '*' ? 0 : Number(part);
    return json.map((item, index) => (index === at ? setMember(item, rest, value) : item));
  }
  if (typeof json !== 'object' || json === null || part === '*') return null;
  return { ...json, [part]: setMember(Object(json)[part] ?? {}, rest, value) };
}

/** The JSON object with its first member that is none of the others renamed. */
function renameMember(json: unknown, others: readonly string[], name: string): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
  const old = Object.keys(json).find((key) => !others.includes(key));
  return Object.fromEntries(Object.entries(json).map(([key, member]) => [key === old ? name : key, member]));
}
