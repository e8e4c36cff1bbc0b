import type { Clock } from '../../runtime/clock.ts';
import type { SpanReport } from '../span-drops.ts';
import type { SpanCounts } from './counted-spans.ts';

/** How often spans that found the queue full are reported: each by itself would be a line for each span. */
export const REPORT_MS = 1000;

/** Reports what became of spans. Those that find the queue full are gathered for a second. */
export function dropReports(clock: Pick<Clock, 'after'>, emit: (report: SpanReport) => void): SpanCounts {
  let full = 0;
  const reportFull = () => {
    emit({ type: 'spans.dropped', count: full, reason: 'queue_full', error: null });
    full = 0;
  };
  return {
    exported: (count) => emit({ type: 'spans.exported', count }),
    dropped(count, reason, error) {
      if (reason !== 'queue_full') return emit({ type: 'spans.dropped', count, reason, error });
      if (full === 0) clock.after(REPORT_MS, reportFull);
      full += count;
    },
  };
}
