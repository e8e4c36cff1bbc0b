/** Something that keeps leases from being extended: of one process, or of all when the database was away. */
export type Disturbance = Readonly<{
  kind: 'kill' | 'freeze' | 'outage';
  pid: number | null;
  fromMs: number;
  toMs: number;
}>;

export type Disturbances = Readonly<{
  add(disturbance: Disturbance): void;
  /** Whether the process was disturbed at all in this time. */
  hit(pid: number, fromMs: number, toMs: number): boolean;
  /** Whether anything was disturbed in this time. */
  hitAny(fromMs: number, toMs: number): boolean;
  /**
   * Whether a lease that the process claimed at `fromMs` may have run out at `atMs`: the process was gone, or could
   * not extend it for so long that it had.
   */
  outlastedLease(pid: number, fromMs: number, atMs: number, leaseMs: number): boolean;
}>;

/** What is extended while all goes well has at least so much of its lease left. */
const SHARE_LEFT = 1 / 2;

export function createDisturbances(): Disturbances {
  const all: Disturbance[] = [];
  const of = (pid: number) => all.filter((each) => each.pid === null || each.pid === pid);
  return {
    add: (disturbance) => void all.push(disturbance),
    hit: (pid, fromMs, toMs) => of(pid).some((each) => each.fromMs <= toMs && each.toMs >= fromMs),
    hitAny: (fromMs, toMs) => all.some((each) => each.fromMs <= toMs && each.toMs >= fromMs),
    outlastedLease: (pid, fromMs, atMs, leaseMs) =>
      of(pid).some((each) => {
        if (each.kind === 'kill') return each.fromMs <= atMs;
        const lastedMs = Math.min(each.toMs, atMs) - each.fromMs;
        return each.toMs >= fromMs && lastedMs >= SHARE_LEFT * leaseMs;
      }),
  };
}
