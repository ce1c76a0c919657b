import { describe, expect, it } from '@jest/globals';
import { createFaults, type FaultInput } from '../../lib/local/faults.ts';

const call = { function: 'shop-accrue', service: 'dynamodb', operation: 'TransactWriteItems' };
const taken = (fault: FaultInput, calls = 4, one = call) => {
  const faults = createFaults();
  faults.add(fault);
  return Array.from({ length: calls }, () => faults.take(one));
};
const none = undefined;

describe('a fault hits', () => {
  it.each([
    ['once, if nothing else is said', { kind: 'error' }, ['error', none, none, none]],
    ['so many times', { kind: 'error', times: 2 }, ['error', 'error', none, none]],
    ['after so many calls', { kind: 'error', after: 2 }, [none, none, 'error', none]],
    ['always, at 100 %', { kind: 'error', percent: 100 }, ['error', 'error', 'error', 'error']],
    ['never, at 0 %', { kind: 'error', percent: 0 }, [none, none, none, none]],
  ] satisfies [string, FaultInput, unknown[]][])('%s', (_, fault, expected) => {
    expect(taken(fault)).toEqual(expected);
  });

  it('the same share of the same calls each time, by its seed', () => {
    const hits = (seed: number) => taken({ kind: 'lost-reply', percent: 5, seed }, 10_000);
    expect(hits(1)).toEqual(hits(1));
    expect(hits(1)).not.toEqual(hits(2));
    const share = hits(1).filter((hit) => hit !== undefined).length / 10_000;
    expect(share).toBeGreaterThan(0.04);
    expect(share).toBeLessThan(0.06);
  });

  it.each([
    ['of this function, by its whole name', { function: 'shop-accrue' }, true],
    ['of this function, by the end of its name', { function: 'accrue' }, true],
    ['of another function', { function: 'crue' }, false],
    ['of this service', { service: 'dynamodb' }, true],
    ['of another service', { service: 'sqs' }, false],
    ['of this operation', { operation: 'TransactWriteItems' }, true],
    ['of another operation', { operation: 'GetItem' }, false],
  ])('a call %s', (_, which, expected) => {
    expect(taken({ kind: 'error', ...which }, 1)).toEqual([expected ? 'error' : none]);
  });

  it('only what can have it: nobody else holds an item that is read', () => {
    expect(taken({ kind: 'conflict' }, 1, { ...call, operation: 'GetItem' })).toEqual([none]);
    expect(taken({ kind: 'conflict' }, 1)).toEqual(['conflict']);
  });

  it('one after the other', () => {
    const faults = createFaults();
    faults.add({ kind: 'error' });
    faults.add({ kind: 'throttle', times: 2 });
    expect([faults.take(call), faults.take(call)]).toEqual(['error', 'throttle']);
    expect(faults.list()).toMatchObject([{ kind: 'throttle', times: 1 }]);
    faults.clear();
    expect(faults.take(call)).toBeUndefined();
  });

  it.each([
    ['both a number and a share', { kind: 'error', times: 1, percent: 1 }],
    ['an unknown kind', { kind: 'earthquake' }],
    ['an unknown field', { kind: 'error', table: 'x' }],
  ])('nothing when it says %s', (_, fault) => {
    expect(() => createFaults().add(fault as FaultInput)).toThrow();
  });
});
