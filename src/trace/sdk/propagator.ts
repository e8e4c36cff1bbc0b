import { type TextMapPropagator, trace } from '@opentelemetry/api';
import { readTraceparent, traceHeaders } from '../traceparent.ts';

/** Lets handlers pass on the trace of their attempt by the API, in the headers of W3C Trace Context. Baggage is not. */
export function createPropagator(): TextMapPropagator {
  return {
    inject(from, carrier, setter) {
      const context = trace.getSpanContext(from);
      if (context === undefined || !trace.isSpanContextValid(context)) return;
      const headers = traceHeaders(context);
      for (let at = 0; at + 1 < headers.length; at += 2) setter.set(carrier, headers[at]!, headers[at + 1]!);
    },
    extract(into, carrier, getter) {
      const headers = ['traceparent', 'tracestate'].flatMap((name) =>
        [getter.get(carrier, name) ?? []].flat().flatMap((value) => [name, value]),
      );
      const context = readTraceparent(headers);
      return context === null ? into : trace.setSpanContext(into, context);
    },
    fields: () => ['traceparent', 'tracestate'],
  };
}
