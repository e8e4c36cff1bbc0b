/** Where a page of blocked keys ended. As a cursor it is text that needs no escaping in a URL. */
export type BlockedPlace = readonly [destination: string, orderKey: string];

export const BEFORE_ALL_BLOCKED: BlockedPlace = ['', ''];

export function toBlockedCursor(place: BlockedPlace): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** @returns the place, or null if the text is no cursor */
export function readBlockedCursor(cursor: string): BlockedPlace | null {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (!Array.isArray(place) || place.length !== 2) return null;
    const [destination, orderKey] = place as unknown[];
    return isText(destination) && isText(orderKey) ? [destination, orderKey] : null;
  } catch {
    return null;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0');
}
