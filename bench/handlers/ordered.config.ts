// A destination that is done at once, with or without order. What says so itself fails for good, and blocks its key.
import type { UserConfig } from '../../src/config/define-config.ts';
import { PermanentError } from '../../src/index.ts';

const orderBy = process.env.BENCH_ORDER_BY;

export default {
  destinations: {
    bench: {
      concurrency: Number(process.env.WORKER_COUNT ?? 85),
      handler: ({ payload }) => {
        if ((payload as { fails?: boolean }).fails === true) throw new PermanentError('blocks its key');
      },
      ...(orderBy !== undefined && { orderBy }),
    },
  },
} satisfies UserConfig;
