import { type Span, type SpanStatus, SpanStatusCode } from '@opentelemetry/api';
import { ATTRIBUTE } from './names.ts';

/** An error as spans show it: with the words of the log, and no stack. */
export type SpanError = Readonly<{ type: string; message: string }>;

/** Makes a text from outside fit to be shown, as the log does. */
export type Scrub = (text: string) => string;

const TYPE = /^[\w.]{1,64}$/;

/** @returns the error's code, or the name of its class: few values, since they name series at the collector */
export function describeError(thrown: unknown, scrub: Scrub): SpanError {
  const { code, name, message } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Readonly<
    Record<string, unknown>
  >;
  const type = [code, name].find((word) => typeof word === 'string' && TYPE.test(word));
  const text = typeof message === 'string' ? message : typeof thrown === 'string' ? thrown : '';
  return { type: (type as string | undefined) ?? '_OTHER', message: scrub(text) };
}

/** Marks a span as failed. */
export function fail(span: Span, error: SpanError): void {
  span.setAttribute(ATTRIBUTE.errorType, error.type);
  span.setStatus(statusOf(error));
}

export function statusOf({ message }: SpanError): SpanStatus {
  return { code: SpanStatusCode.ERROR, ...(message !== '' && { message }) };
}
