import type { Section } from './page.ts';
import { alertPages } from './pages/alerts.ts';
import { auditPages } from './pages/audit.ts';
import { blockedPages } from './pages/blocked.ts';
import { destinationPages } from './pages/destinations.ts';
import { eventPages } from './pages/event.ts';
import { eventActions } from './pages/event-actions.ts';
import { findPages } from './pages/events.ts';
import { failurePages } from './pages/failures.ts';
import { operationPages } from './pages/operations.ts';
import { overviewPages } from './pages/overview.ts';
import { rejectedPages } from './pages/rejected.ts';
import { settingPages } from './pages/settings.ts';
import { sourceStatePages } from './pages/source-state.ts';
import { sourcePages } from './pages/sources.ts';

/**
 * All pages of the console. To add one:
 *
 * 1. A line in `answers.ts` for each endpoint that it asks, with the type of what that answers.
 * 2. A file in `pages/` that exports a `Section`: its pages (`path`, `place`, `show`) and its actions (`path`, `place`, `act`).
 * 3. `show` asks endpoints (`request.ask`) and returns a title and a body, made with `html` and what is in `parts/`. A value
 *    that a stranger wrote goes through `foreign`.
 * 4. An action is an `actionForm` on the page; its `act` asks an endpoint and returns where to go on, and a word of `DONE`.
 * 5. A line here; a place of its own in the navigation is an entry of PLACES (`page.ts`) and of NAVIGATION (`shell.ts`).
 */
export const SECTIONS: readonly Section[] = [
  overviewPages,
  alertPages,
  findPages,
  eventPages,
  eventActions,
  failurePages,
  rejectedPages,
  blockedPages,
  destinationPages,
  sourcePages,
  sourceStatePages,
  operationPages,
  auditPages,
  settingPages,
];
