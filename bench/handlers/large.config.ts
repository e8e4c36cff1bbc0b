// The sources and destinations of an inbox that is filled by statements. What comes in over HTTP concerns none of them.
import type { UserConfig } from '../../src/config/define-config.ts';

const destination = { events: ['nothing.of.this.name'], handler: () => {} };

export default {
  sources: { default: {}, shop: {}, stripe: {}, github: {}, crm: {}, legacy: {} },
  destinations: { billing: destination, warehouse: destination, archive: destination },
} satisfies UserConfig;
