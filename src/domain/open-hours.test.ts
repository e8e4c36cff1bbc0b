import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openMsBetween } from './open-hours.ts';

const HOUR = 3_600_000;
const at = (text: string) => Date.parse(text);
const WEEK = [0, 1, 2, 3, 4, 5, 6];
const BERLIN = { zone: 'Europe/Berlin', openMinute: 9 * 60, closeMinute: 18 * 60, days: [1, 2, 3, 4, 5] };

describe('time within hours of business', () => {
  const hoursBetween = (from: string, to: string, hours: Parameters<typeof openMsBetween>[2]) =>
    openMsBetween(at(from), at(to), hours) / HOUR;

  it('is all of it without hours', () => {
    assert.equal(hoursBetween('2026-03-27T10:00Z', '2026-03-27T16:30Z', null), 6.5);
    assert.equal(hoursBetween('2026-03-27T16:00Z', '2026-03-27T10:00Z', null), 0);
  });

  it('leaves out nights and weekends', () => {
    // Friday 17:00 to Monday 10:00 in Berlin, before the change of clocks.
    assert.equal(hoursBetween('2026-03-20T16:00Z', '2026-03-23T09:00Z', BERLIN), 2);
    assert.equal(hoursBetween('2026-03-21T00:00Z', '2026-03-22T23:00Z', BERLIN), 0);
  });

  it('goes by the clocks of the zone when they change', () => {
    // Friday 17:00 (UTC+1) to Monday 10:00 (UTC+2).
    assert.equal(hoursBetween('2026-03-27T16:00Z', '2026-03-30T08:00Z', BERLIN), 2);
    // Friday 17:00 (UTC+2) to Monday 10:00 (UTC+1).
    assert.equal(hoursBetween('2026-10-23T15:00Z', '2026-10-26T09:00Z', BERLIN), 2);
  });

  it('counts a day on which clocks change with the length that it has', () => {
    const always = { zone: 'Europe/Berlin', openMinute: 0, closeMinute: 24 * 60, days: WEEK };
    assert.equal(hoursBetween('2026-03-28T23:00Z', '2026-03-29T22:00Z', always), 23);
    assert.equal(hoursBetween('2026-10-24T22:00Z', '2026-10-25T23:00Z', always), 25);
  });
});
