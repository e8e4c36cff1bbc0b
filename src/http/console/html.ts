import { html as escaping, raw } from 'hono/html';

/** Text in which everything is escaped that was not written in the code. */
export type Html = Readonly<{ isEscaped: true; toString(): string }>;

/** What a template takes between its texts: texts are escaped, nothing and `false` leave no trace. */
export type Child = Html | string | number | null | undefined | false | readonly Child[];

/**
 * The template tag of all pages. The library's own also takes promises and objects, which no page needs: a value that came
 * from a stranger is a text and stays one.
 */
export function html(texts: TemplateStringsArray, ...children: readonly Child[]): Html {
  return escaping(texts, ...children.map(toChild)) as unknown as Html;
}

export const NOTHING: Html = html``;

function toChild(child: Child): unknown {
  if (typeof child === 'string') return withoutControls(child);
  return Array.isArray(child) ? child.map(toChild) : child;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff]/g;
const CONTROL_PICTURES = 0x2400;

/** HTML has no way to write these characters. C0 has pictures in Unicode. */
function withoutControls(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  if (wellFormed.search(CONTROLS) === -1) return wellFormed;
  return wellFormed.replaceAll('\r\n', '\n').replace(CONTROLS, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(CONTROL_PICTURES + code) : code === 0x7f ? '␡' : '\ufffd';
  });
}

/** Characters that change the order of what stands around them, or that are not to be seen. */
const DECEIVING = /[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A stranger's text: isolated, so that it reorders nothing around it, with characters that deceive written out. */
export function foreign(text: string, charsMax = Number.POSITIVE_INFINITY): Html {
  const shown = text.length > charsMax ? `${text.slice(0, charsMax)}…` : text;
  return html`<bdi>${spellOut(shown)}</bdi>`;
}

/** The text with characters that deceive written as \\u and their code. */
export function spellOut(text: string): string {
  return text.replace(DECEIVING, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** What a template has made in a thread of our own: between threads it is a text. */
export function drawn(template: string): Html {
  return raw(template) as unknown as Html;
}

/** A whole document. */
export function toDocument(page: Html): string {
  return `<!doctype html>\n${raw(page.toString())}`;
}
