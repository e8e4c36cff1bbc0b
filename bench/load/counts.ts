import { acceptedOf, type Metrics } from '../clients/metrics.ts';
import type { LoadState } from './clients.ts';

export type Counts = Readonly<{ accepted: number; duplicates: number; attempts: number }>;

export function countsOf(metrics: Metrics): Counts {
  return {
    accepted: acceptedOf(metrics),
    duplicates: metrics.sum('webhook_events_total', { result: 'duplicate' }),
    attempts: metrics.sum('webhook_attempts_total'),
  };
}

/**
 * What the receiver counted beside what the clients saw: an event for each acknowledged key and none more, so no
 * resend was taken for new; and no more attempts than events, so none was processed again.
 */
export function compareCounts(before: Counts, after: Counts, state: LoadState): string[] {
  const acknowledged = new Set(state.known.map(({ key }) => key)).size;
  const ids = new Set(state.known.map(({ id }) => id)).size;
  const resent = state.answers.filter(({ kind, problem }) => kind === 'resend' && problem === null).length;
  const accepted = after.accepted - before.accepted;
  const duplicates = after.duplicates - before.duplicates;
  const attempts = after.attempts - before.attempts;
  const problems: string[] = [];
  if (ids !== acknowledged) problems.push(`${acknowledged} keys were acknowledged under ${ids} ids`);
  if (accepted < acknowledged || accepted > acknowledged + state.unclear) {
    problems.push(`${acknowledged} keys were acknowledged, the receiver accepted ${accepted}`);
  }
  if (duplicates < resent)
    problems.push(`${resent} resends were answered 200, the receiver counted ${duplicates}`);
  if (attempts > accepted)
    problems.push(`${accepted} events had ${attempts} attempts: some were processed again`);
  return problems;
}
