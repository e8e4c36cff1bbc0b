import { PROBLEMS } from '../problem.ts';
import { foreign, type Html, html } from './html.ts';
import type { PageProblem, View } from './page.ts';
import { heading, notice } from './parts/parts.ts';

/** A problem as a page, in the frame of the others. */
export function problemView(problem: PageProblem): View {
  const { status } = PROBLEMS[problem.code];
  const title = titleOf(problem);
  return { title, status, body: problemBody(problem) };
}

/** What went wrong, what was expected, and the way back. */
export function problemBody(problem: PageProblem): Html {
  const { code, message, errors } = problem;
  const { status } = PROBLEMS[code];
  return html`${heading(titleOf(problem))}
${notice(
  status >= 500 ? 'warn' : 'bad',
  html`<p>${foreign(message)}</p>${
    errors.length === 0
      ? null
      : html`<ul>${errors.map(({ field, message }) => html`<li><code>${foreign(field)}</code>: ${foreign(message)}</li>`)}</ul>`
  }`,
)}
<p class="muted">${status} <code>${code}</code></p>
<p><a href="/console" data-back>Back to the overview</a></p>`;
}

/** Pages read: the words of the code speak of an event that was sent. */
function titleOf({ code }: PageProblem): string {
  return code === 'store_error' ? 'The store has not answered' : PROBLEMS[code].title;
}
