/** The rates that a destination may have: deliveries a second. */
export const RATE_MIN = 0.01;
export const RATE_MAX = 100_000;
export const RATE_TAKES = `a rate such as "50/s", from ${RATE_MIN}/s to ${RATE_MAX}/s`;

const RATE = /^(\d{1,9}(?:\.\d{1,9})?)\/s$/;

/** The deliveries a second of a text like `50/s`, or null. */
export function parseRate(text: string): number | null {
  const [, digits] = RATE.exec(text) ?? [];
  const perSecond = digits === undefined ? Number.NaN : Number(digits);
  return perSecond >= RATE_MIN && perSecond <= RATE_MAX ? perSecond : null;
}

export function rateText(perSecond: number): string {
  return `${perSecond}/s`;
}
