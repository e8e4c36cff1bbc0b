import type { AlertDesk } from '../../src/domain/alert.ts';

/** A desk without alerts. */
export const NO_ALERTS: AlertDesk = {
  list: async () => [],
  ack: async () => null,
  test: async () => [],
};
