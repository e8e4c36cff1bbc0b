import type { Emit, ReceiverEvent } from '../events.ts';

/** One function for each type of event that a subscriber cares about. */
export type Handlers = {
  readonly [Type in ReceiverEvent['type']]?: (event: Extract<ReceiverEvent, { type: Type }>) => void;
};

/** Makes a subscriber of a table of handlers; types that the table leaves out are passed over. */
export function createSubscriber(handlers: Handlers): Emit {
  return (event) => {
    // The table's type ties each handler to its event; TypeScript cannot follow that through the lookup.
    const handle = handlers[event.type] as Emit | undefined;
    handle?.(event);
  };
}
