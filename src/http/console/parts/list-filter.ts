import type { Form } from '../form.ts';
import { type Html, html } from '../html.ts';

type Part = Readonly<{ name: string; label: string; placeholder?: string; options?: readonly string[] }>;

/** A form that narrows a list: what is asked for is in the address. */
export function listFilter(path: string, query: Form, parts: readonly Part[]): Html {
  const isUsed = parts.some(({ name }) => (query[name] ?? '') !== '');
  return html`<form class="filter" action="${path}">
${parts.map(
  ({ name, label, placeholder = '', options }) =>
    html`<label class="field"><span>${label}</span>${
      options === undefined
        ? html`<input name="${name}" value="${query[name] ?? ''}" placeholder="${placeholder}" autocomplete="off" spellcheck="false">`
        : html`<select name="${name}"><option value="">any</option>${options.map(
            (option) => html`<option${option === query[name] ? html` selected` : ''}>${option}</option>`,
          )}</select>`
    }</label>`,
)}
<button type="submit">Show</button>
${isUsed ? html`<a href="${path}">All</a>` : null}
</form>`;
}
