// A destination that wants nothing: every event is completed as soon as it is kept.
import type { UserConfig } from '../../src/config/define-config.ts';

export default {
  destinations: { bench: { events: ['nothing.of.this.name'], handler: () => {} } },
} satisfies UserConfig;
