import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FailureGroups } from '../../admin/failures.ts';
import { troublesOf } from './troubles.ts';

const NOW = Date.parse('2026-11-01T10:00:00.000Z');
const MINUTE = 60_000;
const at = (minutes: number) => new Date(NOW - minutes * MINUTE).toISOString();

const destination = (name: string, failed: number) =>
  ({
    name,
    state: 'open',
    pending: 0,
    processing: 0,
    oldest_age_seconds: null,
    failed,
    last_error: 'HTTP 422',
    reason: null,
  }) as never;

const cause = (name: string, count: number, firstMinutes: number, status: number) =>
  ({
    destination: name,
    group: String(status),
    class: 'http_4xx',
    http_status: status,
    count,
    first_at: at(firstMinutes),
    last_at: at(0),
    sample: { error: `HTTP ${status}` },
    filter: '',
  }) as unknown as FailureGroups['failures'][number];

function linesOf(destinations: never[], failures: FailureGroups['failures']): string[] {
  const answer = { destinations } as never;
  const known = { answer, rejected: null, blocked: null, causes: { failures }, alerts: null };
  return troublesOf(known, NOW).map(({ title, text, to, verb }) =>
    `${title} | ${text} | ${to} ${verb}`.replaceAll(/<span class="hidden">[^<]*<\/span>|<[^>]*>/g, ''),
  );
}

describe('what is wrong', () => {
  it('is one line of what failed at a destination, with how many, since when, and the way to mend it', () => {
    assert.deepEqual(linesOf([destination('crm', 1_204)], [cause('crm', 1_204, 300, 422)]), [
      '1,204 failed deliveries of crm | The first 5 h ago. The last error: HTTP 422 | /console/failures?destination=crm Mend',
    ]);
  });

  it('names a new cause in the same line', () => {
    const causes = [cause('crm', 4, 300, 422), cause('crm', 3, 10, 500), cause('crm', 1, 5, 404)];
    assert.deepEqual(linesOf([destination('crm', 8), destination('fine', 0)], causes), [
      '8 failed deliveries of crm, with a new cause | The first 5 h ago. New 10 min ago: http_4xx 500, 3 times: HTTP 500, and 1 more new cause | /console/failures?destination=crm Mend',
    ]);
  });

  it('tells of failures of a destination that is configured no longer', () => {
    assert.equal(linesOf([], [cause('gone', 2, 10, 500)]).length, 1);
  });
});
