import type { Logger } from 'pino';
import type { HandlerLog, WriteHandlerLine } from '../../domain/handler-log.ts';
import type { Traced } from '../../trace/tracing.ts';
import { boundedDetails, scrubbed } from './bounded.ts';
import { traceFields } from './trace-fields.ts';

/** Of which event and delivery the lines are. */
export type HandlerLogOwner = Traced &
  Readonly<{ eventId: string; deliveryId: string; source: string; destination: string; attempt: number }>;

type Details = Readonly<Record<string, unknown>>;

/** Makes the log of a handler's attempt. Its lines name what they are about, and cannot pass for those of the receiver. */
export function createHandlerLog(logger: Logger): (owner: HandlerLogOwner) => HandlerLog {
  return (owner) => {
    const fields = {
      type: 'handler.line',
      event_id: owner.eventId,
      delivery_id: owner.deliveryId,
      source: owner.source,
      destination: owner.destination,
      attempt: owner.attempt,
      ...traceFields(owner),
    };
    const writerOf = (level: keyof HandlerLog): WriteHandlerLine => {
      return (one: string | Details, other?: string | Details) => {
        if (!logger.isLevelEnabled(level)) return;
        const [message, details] = typeof one === 'string' ? [one, other] : [other, one];
        const shown = typeof details === 'object' ? { details: boundedDetails(details as Details) } : {};
        logger[level]({ ...fields, ...shown }, scrubbed(typeof message === 'string' ? message : ''));
      };
    };
    return {
      debug: writerOf('debug'),
      info: writerOf('info'),
      warn: writerOf('warn'),
      error: writerOf('error'),
    };
  };
}
