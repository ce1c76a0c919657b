import { describe, expect, it } from '@jest/globals';
import { type Known, likeness, normalizedName } from '../../lib/loyalty/names.ts';
import fc, { anyCharacter } from '../fast-check.ts';

describe('names are one name', () => {
  it.each([
    ['whatever their case', 'ADA LOVELACE', 'Ada Lovelace'],
    ['whichever part comes first', 'Lovelace, Ada', 'Ada Lovelace'],
    ['with or without accents', 'Zoë Núñez', 'Zoe Nunez'],
    ['however their letters are put together', 'Zoe\u0308', 'Zoë'],
    ['with letters that other keyboards lack', 'Jørgen Großmann', 'Jorgen Grossmann'],
    ['with or without hyphens and spaces', ' Anna-Lena  O’Hara ', 'Anna Lena O Hara'],
    ['in other scripts', 'ΑΝΝΑ Παπαδοπούλου', 'Άννα Παπαδοπουλου'],
  ])('%s', (_, one, other) => {
    expect(normalizedName(one)).toBe(normalizedName(other));
  });

  it.each([undefined, '', ' ', '—', '🙂'])('%j is none', (name) => {
    expect(normalizedName(name)).toBeUndefined();
  });

  it('short enough for a key, and normalized once for good', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter, maxLength: 200 }), (name) => {
        const one = normalizedName(name);
        if (one === undefined) return;
        expect(Buffer.byteLength(one)).toBeLessThanOrEqual(1_000);
        expect(one).not.toContain('#');
      }),
    );
  });
});

describe('two of one name are the same person', () => {
  const known = (name: string, birthday?: string, email?: string): Known => ({
    profile: { name, ...(birthday && { birthday }) },
    identities: email ? [{ type: 'email', value: email }] : [],
  });
  const ada = known('Ada Lovelace', '1815-12-10', 'ada.l@example.org');

  it.each<[string, Known, number | undefined]>([
    ['perhaps', known('Ada Lovelace'), 30],
    ['likely, when born on one day', known('Ada Lovelace', '1815-12-10'), 80],
    [
      'more likely than not, when they call their mailbox the same',
      known('Ada Lovelace', undefined, 'adal@example.com'),
      50,
    ],
    ['nearly for certain, with both', known('Ada Lovelace', '1815-12-10', 'ada.l+club@example.com'), 100],
    ['hardly, when born on different days', known('Ada Lovelace', '1990-02-28'), 5],
    ['not at all, when the names differ', known('Ada King', '1815-12-10', 'ada.l@example.com'), undefined],
  ])('%s', (_, other, score) => {
    expect(likeness(ada, other)?.score).toBe(score);
    expect(likeness(other, ada)).toEqual(likeness(ada, other));
  });
});
