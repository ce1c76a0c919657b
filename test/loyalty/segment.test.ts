import { describe, expect, it } from '@jest/globals';
import { Segment } from '../../lib/loyalty/segment.ts';
import { isIn, judge, type Subject, sourcesOf } from '../../lib/loyalty/segmenting.ts';
import fc from '../fast-check.ts';

const TODAY = '2026-03-10';
const consent = { granted: true, at: '2026-01-01T00:00:00Z', source: 'till', proof: 'form 7' };

const anna: Subject = {
  tier: 'gold',
  balance: 250,
  lifetime: 1_200,
  visits: 14,
  purchases: 9,
  lastActiveOn: '2026-03-01',
  joinedOn: '2026-01-02',
  spentMinor: 41_950,
  location: 'berlin',
  person: {
    birthday: '1990-03-31',
    locale: 'de-AT',
    tags: ['vip'],
    consents: { email: { marketing: consent } },
  },
};

const meant = (segment: unknown, subject: Subject = anna) => isIn(Segment.parse(segment), subject, TODAY, 'EUR');

describe('a member is in a segment', () => {
  it.each([
    [{ is: 'tier-in', tiers: ['silver', 'gold'] }, true],
    [{ is: 'tier-in', tiers: ['silver'] }, false],
    [{ is: 'balance', atLeast: 250 }, true],
    [{ is: 'balance', atLeast: 251 }, false],
    [{ is: 'lifetime', atMost: 1_200 }, true],
    [{ is: 'visits', atLeast: 10, atMost: 13 }, false],
    [{ is: 'purchases', atLeast: 9, atMost: 9 }, true],
    [{ is: 'spent', atLeast: '419.50' }, true],
    [{ is: 'spent', atLeast: '419.51' }, false],
    // The first of the ten days is the first of March.
    [{ is: 'active-within', days: 10 }, true],
    [{ is: 'active-within', days: 9 }, false],
    [{ is: 'joined-within', days: 67 }, false],
    [{ is: 'joined-within', days: 68 }, true],
    [{ is: 'birthday-month', months: 'this' }, true],
    [{ is: 'birthday-month', months: [2, 4] }, false],
    [{ is: 'location-in', locations: ['berlin'] }, true],
    [{ is: 'tag-in', tags: ['vip', 'press'] }, true],
    [{ is: 'consent', channel: 'email' }, true],
    [{ is: 'consent', channel: 'email', purpose: 'transactional' }, false],
    [{ is: 'locale-in', locales: ['de'] }, true],
    [{ is: 'locale-in', locales: ['de-DE'] }, false],
    [{ not: { is: 'tag-in', tags: ['press'] } }, true],
    [
      {
        all: [
          { is: 'visits', atLeast: 1 },
          {
            any: [
              { is: 'tier-in', tiers: ['base'] },
              { is: 'balance', atLeast: 1 },
            ],
          },
        ],
      },
      true,
    ],
  ])('%j: %s', (segment, expected) => {
    expect(meant(segment)).toBe(expected);
  });

  it('only if it is known: neither what was not looked up nor its contrary is so', () => {
    const { person: _, spentMinor: __, ...rest } = anna;
    for (const word of [
      { is: 'tag-in', tags: ['vip'] },
      { is: 'birthday-month', months: 'this' },
      { is: 'consent', channel: 'sms' },
      { is: 'locale-in', locales: ['de'] },
      { is: 'spent', atLeast: '1.00' },
    ]) {
      expect([word, meant(word, rest), meant({ not: word }, rest)]).toEqual([word, false, false]);
    }
  });

  it('whoever never did anything was not active, and has no birthday that nobody told', () => {
    const newcomer: Subject = { ...anna, lastActiveOn: null, location: null, person: { tags: [], consents: {} } };
    for (const word of [
      { is: 'active-within', days: 3_650 },
      { is: 'location-in', locations: ['berlin'] },
      { is: 'birthday-month', months: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] },
    ])
      expect([meant(word, newcomer), meant({ not: word }, newcomer)]).toEqual([false, true]);
  });
});

describe('what is no segment is refused, with what is wrong', () => {
  const nested = (depth: number): unknown => (depth === 0 ? { is: 'visits', atLeast: 1 } : { not: nested(depth - 1) });
  it.each([
    ['nothing', {}, /./],
    ['an unknown word', { is: 'rich' }, /./],
    ['a word without bounds', { is: 'balance' }, /needs atLeast, or atMost/],
    ['bounds that leave nobody', { is: 'balance', atLeast: 9, atMost: 3 }, /nobody could be meant/],
    ['an empty list', { all: [] }, /./],
    ['two forms in one', { not: { is: 'visits', atLeast: 1 }, all: [{ is: 'visits', atLeast: 1 }] }, /./],
    ['too deep', nested(7), /nested more than 6 times/],
    ['deep enough to break a program', nested(5_000), /nested more than 6 times/],
    [
      'too long',
      {
        any: Array.from({ length: 50 }, () => ({
          all: [
            { is: 'visits', atLeast: 1 },
            { is: 'visits', atMost: 9 },
          ],
        })),
      },
      /more than 60 words/,
    ],
  ])('%s', (_, segment, expected) => {
    const parsed = Segment.safeParse(segment);
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error?.issues)).toMatch(expected);
  });
});

const word = fc.oneof(
  fc.record({ is: fc.constant('balance'), atLeast: fc.nat(500) }),
  fc.record({ is: fc.constant('visits'), atMost: fc.nat(30) }),
  fc.record({ is: fc.constant('tier-in'), tiers: fc.constant(['gold']) }),
  fc.record({ is: fc.constant('tag-in'), tags: fc.constantFrom(['vip'], ['press']) }),
  fc.record({ is: fc.constant('spent'), atLeast: fc.constantFrom('1.00', '900.00') }),
);
const { segment } = fc.letrec((tie) => ({
  segment: fc.oneof(
    { maxDepth: 3 },
    word,
    fc.record({ not: tie('segment') }),
    fc.record({ all: fc.array(tie('segment'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('segment'), { minLength: 1, maxLength: 3 }) }),
  ),
}));

describe('any segment', () => {
  it('is settled without the profile only as it would be with it', () => {
    const { person: _, ...unread } = anna;
    fc.assert(
      fc.property(segment, (asked) => {
        const parsed = Segment.parse(asked);
        const early = judge(parsed, unread, TODAY, 'EUR');
        const late = judge(parsed, anna, TODAY, 'EUR');
        expect(late).not.toBeUndefined();
        if (early !== undefined) expect(early).toBe(late);
        if (!sourcesOf(parsed).has('person')) expect(early).not.toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });
});
