/** Bodies of many events as one parameter: within an array each would become text of twice its size. */
export type PackedBodies = Readonly<{
  bytes: Buffer;
  /** Where each begins, counted from 1 as SQL does, and how long it is. */
  starts: readonly number[];
  lengths: readonly number[];
}>;

/** In SQL, with the parameter as `bytes`: `substring(bytes from starts[n] for lengths[n])`. */
export function packBodies(bodies: readonly Uint8Array[]): PackedBodies {
  const starts: number[] = [];
  let end = 0;
  for (const body of bodies) {
    starts.push(end + 1);
    end += body.length;
  }
  return { bytes: Buffer.concat(bodies, end), starts, lengths: bodies.map(({ length }) => length) };
}
