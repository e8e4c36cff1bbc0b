/** Milliseconds on the machine's own clock, which never jumps and is the same for all of its processes. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
