import { createHash } from 'node:crypto';

/**
 * One text for one value: keys sorted, absent and `undefined` the same, whole numbers only. It is the JSON of RFC 8785
 * for the values that a ledger holds; anything else throws, since two texts for one value would break the chain.
 */
export function canonical(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number: ${value}`);
    return String(value === 0 ? 0 : value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object') {
    const record = value as Record<string, unknown>;
    const members = Object.keys(record)
      .filter((key) => record[key] !== undefined)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonical(record[key])}`);
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`no canonical form for a ${typeof value}`);
}

/** SHA-256 of the canonical text, base64url, 43 characters. */
export const digest = (value: unknown): string => createHash('sha256').update(canonical(value)).digest('base64url');

/** Enough of it to tell two requests apart: 128 bits. */
export const fingerprint = (value: unknown): string => digest(value).slice(0, 22);
