/** How long an operation is a process's own without a sign of it. */
export const LEASE_MS = 15_000;
