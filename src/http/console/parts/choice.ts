import { type Child, type Html, html } from '../html.ts';
import { may, type PageRequest } from '../page.ts';

const FORM = 'chosen';

/** A box that chooses the row's event for a bulk operation, before what names the row. Keys: `x`. */
export function choosing(actor: PageRequest['actor'], id: string, content: Child): Child {
  if (!may(actor, 'POST /admin/operations')) return content;
  return html`<span class="choice"><input type="checkbox" name="id" value="${id}" form="${FORM}" data-choose aria-label="Choose ${id}"> <span>${content}</span></span>`;
}

/** What is done to the chosen: a plan of it, which counts first. @param terms what has to hold of them besides */
export function chosenForm(actor: PageRequest['actor'], terms: string): Html | null {
  if (!may(actor, 'POST /admin/operations')) return null;
  return html`<form id="${FORM}" class="chosen" action="/console/operations">
<input type="hidden" name="terms" value="${terms}">
<button type="submit">Do something to the chosen <kbd>x</kbd></button>
</form>`;
}

/** Most events that a filter names one by one. */
const CHOSEN_MAX = 50;

/** The filter that means what was chosen on a list; null where nothing was. */
export function chosenFilter(url: string): string | null {
  const asked = new URLSearchParams(url.split('?')[1] ?? '');
  const ids = [...new Set(asked.getAll('id'))]
    .filter((id) => /^[0-9a-f-]{36}$/.test(id))
    .slice(0, CHOSEN_MAX);
  if (ids.length === 0) return null;
  return [`id:${ids.join(',')}`, asked.get('terms') ?? ''].filter((term) => term !== '').join(' ');
}
