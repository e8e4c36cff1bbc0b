import { LIST_MAX } from '../limits.ts';
import { templateMistake } from './locator-fields.ts';

/** What a handshake's answer may contain. */

const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  ...['connection', 'content-length', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

/** Whether a header with that name may be set. */
export function isSendableHeader(name: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]{1,255}$/.test(name) && !CONNECTION_HEADERS.has(name.toLowerCase());
}

/** Deeper than any answer that a provider expects; also ends objects that contain themselves. */
const DEPTH_MAX = 8;

/** Whether the value is a template, or JSON whose texts are. */
export function isTemplates(body: unknown): body is string | Readonly<Record<string, unknown>> {
  if (typeof body === 'string') return isTemplate(body);
  return typeof body === 'object' && body !== null && !Array.isArray(body) && isJson(body, DEPTH_MAX);
}

function isJson(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return isTemplate(value);
    case 'number':
      return Number.isFinite(value);
    case 'boolean':
      return true;
    case 'object': {
      if (value === null) return true;
      const members = Object.values(value);
      return depth > 0 && members.length <= LIST_MAX && members.every((member) => isJson(member, depth - 1));
    }
    default:
      return false;
  }
}

function isTemplate(text: string): boolean {
  return text === '' || templateMistake(text) === null;
}
