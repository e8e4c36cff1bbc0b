import { isUtf8 } from 'node:buffer';
import { decodeStrictly } from './decode.ts';
import { bufferOf, type RequestView } from './signed-request.ts';

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** The text of the first element of that name, in an XML body or in a form field that is XML in base64. */
export function readXml(view: RequestView, name: string): string | null {
  const xml = xmlOf(view);
  if (xml === null) return null;
  const open = new RegExp(`<${name}(?:\\s[^<>]*)?>([^<]*)</${name}\\s*>`).exec(xml);
  return open === null
    ? null
    : open[1]!.replace(/&(lt|gt|amp|quot|apos);/g, (_, entity) => ENTITIES[entity]!);
}

function xmlOf(view: RequestView): string | null {
  const bytes = bufferOf(view.body);
  if (bytes.toString('latin1', 0, 200).trimStart().startsWith('<')) {
    return isUtf8(bytes) ? bytes.toString() : null;
  }
  const found: string[] = [];
  for (const value of [...(view.form?.values() ?? [])].flat()) {
    // Encoders of some languages break the text into lines.
    const text = decodeStrictly(value.replace(/[\r\n]/g, ''), 'base64')?.toString();
    if (text?.trimStart().startsWith('<') === true) found.push(text);
  }
  // Of two nobody knows which was signed.
  return found.length === 1 ? found[0]! : null;
}
