// Forwards each event to the destination of the benchmark.
import type { UserConfig } from '../../src/config/define-config.ts';

export default {
  destinations: { bench: { url: process.env.DESTINATION_URL! } },
} satisfies UserConfig;
