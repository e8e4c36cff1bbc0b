/** The progress of a subscription's confirmation, as stored in the source's state. */
export type Subscription =
  | Readonly<{ status: 'pending'; url: string; sinceMs: number }>
  | Readonly<{ status: 'confirmed'; atMs: number }>
  | Readonly<{ status: 'failed'; error: string }>;

/** The stored text, which operators read too. */
export function subscriptionText(subscription: Subscription): string {
  return JSON.stringify(subscription);
}

/** @returns null for any other text */
export function parseSubscription(text: string): Subscription | null {
  try {
    const value = JSON.parse(text) as Partial<Record<string, unknown>> | null;
    switch (value?.status) {
      case 'pending':
        return typeof value.url === 'string' && typeof value.sinceMs === 'number'
          ? { status: 'pending', url: value.url, sinceMs: value.sinceMs }
          : null;
      case 'confirmed':
        return typeof value.atMs === 'number' ? { status: 'confirmed', atMs: value.atMs } : null;
      case 'failed':
        return { status: 'failed', error: String(value.error) };
      default:
        return null;
    }
  } catch {
    return null;
  }
}
