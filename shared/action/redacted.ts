/** A value as it may leave the process: every text in it redacted, names of fields too. */
import type { Redactor } from '../base/redactor.js';

export function redacted<T>(value: T, redactor: Redactor): T {
  return clean(value, redactor) as T;
}

function clean(value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return redactor.redact(value);
  if (Array.isArray(value)) return value.map((item: unknown) => clean(item, redactor));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [redactor.redact(key), clean(item, redactor)]));
}
