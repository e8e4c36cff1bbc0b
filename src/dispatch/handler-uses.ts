import type { Handler } from '../handlers/handler.ts';

/** Counts the claims and attempts that use a handler. */
export type HandlerUse = Readonly<{ begin(): void; end(): void; isIdle(): boolean }>;

/** Keeps handlers that a reload replaced open until the last claim and the last attempt that use them have ended. */
export type HandlerUses = Readonly<{
  of(handler: Handler): HandlerUse;
  /** The handlers of the configuration in effect. All others are given up as soon as nothing uses them. */
  keep(handlers: Iterable<Handler>): void;
}>;

type Counted = HandlerUse & { count: number; isKept: boolean };

/** @param onUnused takes each handler that was given up, once */
export function createHandlerUses(onUnused: (handler: Handler) => void): HandlerUses {
  const known = new Map<Handler, Counted>();

  const giveUp = (handler: Handler, { isKept, count }: Counted) => {
    if (isKept || count > 0) return;
    known.delete(handler);
    onUnused(handler);
  };
  const open = (handler: Handler): Counted => {
    const counted: Counted = {
      count: 0,
      isKept: true,
      begin() {
        counted.count += 1;
      },
      end() {
        counted.count -= 1;
        if (!counted.isKept) giveUp(handler, counted);
      },
      isIdle: () => counted.count === 0,
    };
    known.set(handler, counted);
    return counted;
  };
  return {
    of: (handler) => known.get(handler) ?? open(handler),
    keep(handlers) {
      const kept = new Set(handlers);
      for (const [handler, counted] of [...known]) {
        counted.isKept = kept.has(handler);
        giveUp(handler, counted);
      }
    },
  };
}
