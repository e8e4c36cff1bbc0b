import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createProgressLine } from './progress-line.ts';

const EVENTS = { step: 'moving', part: 'events', total: 2_000_000 } as const;

function watch(isTTY: boolean) {
  const clock = { ms: 0 };
  const written: string[] = [];
  const output = { isTTY, columns: 120, write: (text: string) => written.push(text) };
  const line = createProgressLine(output, () => clock.ms);
  return { clock, written, line };
}

describe('the progress', () => {
  it('is a bar on a terminal, drawn over itself ten times a second at most', () => {
    const { clock, written, line } = watch(true);
    for (let done = 0; done <= 1_000_000; done += 10_000, clock.ms += 10) line.show({ ...EVENTS, done });
    assert.ok(written.length <= 12, `${written.length} times`);
    assert.equal(
      written.at(-1),
      '\r\u001b[Kmoving events        [############            ]   50%  1,000,000 of 2,000,000  1,000,000/s  0:01 left',
    );
    line.end();
    line.end();
    assert.deepEqual(written.slice(-1), ['\n']);
  });

  it('is never wider than the terminal, where it could not be drawn over', () => {
    const { written, line } = watch(true);
    line.show({ ...EVENTS, done: 1_000_000_000, total: 2_000_000_000 });
    assert.ok(written[0]!.length < 120 + 4);
  });

  it('leaves the bar of each part where it ended', () => {
    const { written, line } = watch(true);
    line.show({ ...EVENTS, done: EVENTS.total });
    line.show({ ...EVENTS, step: 'proving', done: 0 });
    assert.match(written[0]!, /100%/);
    assert.equal(written[1], '\n');
    assert.match(written[2]!, /proving events .* 0%/);
  });

  it('is a line now and then elsewhere, and one at the end of each part', () => {
    const { clock, written, line } = watch(false);
    for (let done = 0; done <= EVENTS.total; done += 2_000, clock.ms += 12) line.show({ ...EVENTS, done });
    line.end();
    assert.deepEqual(written, [
      'moving events         41%  834,000 of 2,000,000  166,667/s  0:07 left\n',
      'moving events         83%  1,668,000 of 2,000,000  166,667/s  0:02 left\n',
      'moving events        100%  2,000,000 of 2,000,000  166,667/s\n',
    ]);
  });

  it('says so when there is nothing to do', () => {
    const { written, line } = watch(false);
    line.show({ ...EVENTS, done: 0, total: 0 });
    line.show({ ...EVENTS, done: 0, total: 0 });
    assert.deepEqual(written, ['moving events        100%  0 of 0\n']);
  });
});
