import { describe, expect, it } from '@jest/globals';
import { Permanent } from '../../../lib/connectors/kit/errors.ts';
import { decisionIn, isOurs, nameOf } from '../../../lib/connectors/kit/support-desk.ts';
import fc, { anyCharacter } from '../../fast-check.ts';

describe('a case at a support desk', () => {
  it.each([
    ['dispute:d-1', 'stampbook:dispute:d-1'],
    ['entry:m_1.7', 'stampbook:entry:m_1.7'],
    [`dispute:it's "50%"`, 'stampbook:dispute:it%27s%20%2250%25%22'],
    ['dispute:ä💥', 'stampbook:dispute:%C3%A4%F0%9F%92%A5'],
  ])('%s is called %s there', (externalId, name) => expect(nameOf(externalId)).toBe(name));

  it('is known by its name again, whatever the dispute is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter, minLength: 1 }), (id) => {
        const disputeId = id.toWellFormed();
        const name = nameOf(`dispute:${disputeId}`);
        expect(name).toMatch(/^[\w.:%-]+$/);
        expect(decisionIn({ name, tags: ['stampbook_upheld'] })).toEqual({ disputeId, outcome: 'upheld' });
      }),
    );
  });

  it.each([
    ['has our tag', { name: null, tags: ['vip', 'stampbook'] }, true],
    ['has our name', { name: 'stampbook:entry:m_1.7', tags: [] }, true],
    ['has neither', { name: 'order-1', tags: ['stampbook_fan'] }, false],
    ['has nothing', { name: undefined, tags: [] }, false],
  ])('%s', (_, filed, ours) => expect(isOurs(filed)).toBe(ours));

  it.each([
    ['has no outcome', { name: 'stampbook:dispute:d-1', tags: ['stampbook'] }],
    ['is about no dispute', { name: 'stampbook:entry:m_1.7', tags: ['stampbook_upheld'] }],
    ['is none of ours', { name: null, tags: ['stampbook_upheld'] }],
  ])('decides nothing when it %s', (_, filed) => expect(decisionIn(filed)).toBeUndefined());

  it('with two outcomes is for staff to look at, and with one twice is not', () => {
    const name = 'stampbook:dispute:d-1';
    expect(() => decisionIn({ name, tags: ['stampbook_upheld', 'stampbook_rejected'] })).toThrow(Permanent);
    expect(decisionIn({ name, tags: ['stampbook_upheld', 'stampbook_upheld'] })).toMatchObject({ outcome: 'upheld' });
  });

  it('whose name somebody has written by hand is for staff to look at', () =>
    expect(() => decisionIn({ name: 'stampbook:dispute:%', tags: ['stampbook_upheld'] })).toThrow(Permanent));
});
