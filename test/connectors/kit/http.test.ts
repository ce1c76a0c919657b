import { describe, expect, it } from '@jest/globals';
import { Gone, Permanent, Transient, Unauthorized, Unknown } from '../../../lib/connectors/kit/errors.ts';
import { classify, classifyFailure, NotSent, retryAfter } from '../../../lib/connectors/kit/http.ts';

const now = new Date('2026-11-21T10:00:00Z');
const message = { vendor: 'Vendor', now, repeatable: false };
const copy = { ...message, repeatable: true };
const answer = (status: number, headers: Record<string, string> = {}) => ({ status, headers: new Headers(headers) });

describe('an answer means', () => {
  it.each([200, 201, 202, 204, 299])('%d: done', (status) => expect(classify(answer(status), message)).toBeUndefined());

  it.each([
    [301, Permanent, Permanent],
    [400, Permanent, Permanent],
    [401, Unauthorized, Unauthorized],
    [403, Unauthorized, Unauthorized],
    [404, Permanent, Permanent],
    [408, Transient, Unknown],
    [410, Gone, Gone],
    [422, Permanent, Permanent],
    [425, Transient, Transient],
    [429, Transient, Transient],
    [500, Transient, Unknown],
    [502, Transient, Unknown],
    [503, Transient, Unknown],
    [504, Transient, Unknown],
  ] as const)('%d: %p for a copy, %p for a message', (status, forCopy, forMessage) => {
    expect(classify(answer(status), copy)?.constructor).toBe(forCopy);
    expect(classify(answer(status), message)?.constructor).toBe(forMessage);
  });

  it('how long to wait, where it says so', () => {
    expect(classify(answer(429, { 'retry-after': '120' }), message)).toMatchObject({
      message: 'Vendor answered 429',
      retryAfterSeconds: 120,
    });
    expect(classify(answer(503, { 'retry-after': '3' }), copy)).toMatchObject({ retryAfterSeconds: 3 });
  });

  it.each([
    ['0', 0],
    ['1.2', 2],
    ['120', 120],
    ['Sat, 21 Nov 2026 10:01:00 GMT', 60],
    ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
  ])('Retry-After: %s → %p', (header, seconds) => {
    expect(retryAfter(new Headers({ 'retry-after': header }), now)).toBe(seconds);
  });
});

describe('no answer means', () => {
  const coded = (code: string) => Object.assign(new Error('x'), { code });
  it.each([
    ['nobody listens', new TypeError('fetch failed', { cause: coded('ECONNREFUSED') }), Transient],
    ['the name is unknown', new TypeError('fetch failed', { cause: coded('ENOTFOUND') }), Transient],
    ['no connection in time', new TypeError('fetch failed', { cause: coded('UND_ERR_CONNECT_TIMEOUT') }), Transient],
    [
      'no address lets us in',
      new TypeError('fetch failed', { cause: new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]) }),
      Transient,
    ],
    [
      'one address broke off',
      new TypeError('fetch failed', { cause: new AggregateError([coded('ECONNREFUSED'), coded('ECONNRESET')]) }),
      Unknown,
    ],
    ['the guard says that nothing left', new NotSent('x', { cause: coded('ECONNRESET') }), Transient],
    ['the connection broke', new TypeError('fetch failed', { cause: coded('ECONNRESET') }), Unknown],
    ['time ran out', new DOMException('x', 'TimeoutError'), Unknown],
    ['an error nobody knows', new Error('x'), Unknown],
    ['no error at all', undefined, Unknown],
  ] as const)('%s: for a message', (_, error, kind) => {
    expect(classifyFailure(error, message).constructor).toBe(kind);
    expect(classifyFailure(error, copy).constructor).toBe(Transient);
  });

  it('what is classified already stays as it is', () => {
    for (const failure of [
      new Permanent('a'),
      new Gone('b'),
      new Transient('c'),
      new Unauthorized('d'),
      new Unknown('e'),
    ])
      expect(classifyFailure(failure, copy)).toBe(failure);
  });

  it('keeps the cause', () => {
    const cause = new Error('why');
    expect(classifyFailure(cause, message).cause).toBe(cause);
  });
});
