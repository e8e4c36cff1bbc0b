import type { Emit, ReceiverEvent } from '../events.ts';

/** One function for each type of event that a subscriber handles. */
export type Handlers = {
  readonly [Type in ReceiverEvent['type']]?: (event: Extract<ReceiverEvent, { type: Type }>) => void;
};

/** Makes a subscriber from a table of handlers. Types that the table lacks are ignored. */
export function createSubscriber(handlers: Handlers): Emit {
  return (event) => {
    // The table's type ties each handler to its event; TypeScript cannot follow that through the lookup.
    const handle = handlers[event.type] as Emit | undefined;
    handle?.(event);
  };
}
