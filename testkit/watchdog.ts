// Loaded into each process of a test file (node --import): ends it when none of its tests begins or ends for so long
// that one must be stuck. The runner's own limit is one of time for each test, which a slow machine exceeds.
import { afterEach, beforeEach, type TestContext } from 'node:test';

const STUCK_MS = 15 * 60_000;
const BETWEEN_LOOKS_MS = 5_000;

if (process.env.NODE_TEST_CONTEXT !== undefined) {
  const running = new Set<string>();
  let lastMs = performance.now();
  beforeEach((t) => {
    running.add((t as TestContext).fullName);
    lastMs = performance.now();
  });
  afterEach((t) => {
    running.delete((t as TestContext).fullName);
    lastMs = performance.now();
  });
  setInterval(() => {
    if (performance.now() - lastMs < STUCK_MS) return;
    console.error(`No test began or ended for ${STUCK_MS / 60_000} minutes: ${[...running].join(', ')}`);
    process.exit(1);
  }, BETWEEN_LOOKS_MS).unref();
}
