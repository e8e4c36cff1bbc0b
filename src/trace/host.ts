import { ProxyTracerProvider, type TracerProvider, trace } from '@opentelemetry/api';

/** The provider of an SDK that the program around the receiver has set up, or null. */
export function hostProvider(): TracerProvider | null {
  const provider = trace.getTracerProvider();
  // Programs may load the API twice; then the class is another one.
  if (!('getDelegate' in provider) || typeof provider.getDelegate !== 'function') return provider;
  const delegate: TracerProvider = provider.getDelegate();
  return delegate === NOTHING_SET_UP ? null : delegate;
}

/** What a proxy leads to as long as nothing is set up. */
const NOTHING_SET_UP = new ProxyTracerProvider().getDelegate();
