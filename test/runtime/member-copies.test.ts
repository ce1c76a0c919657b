import { describe, expect, it } from '@jest/globals';
import type { Standing } from '../../lib/connectors/contract.ts';
import { openMemberCopies } from '../../lib/runtime/delivering/member-copies.ts';
import type { Member } from '../../lib/runtime/members.ts';

const standing: Standing = {
  available: 112,
  pending: 0,
  held: 0,
  lifetime: 340,
  tier: 'gold',
  visits: 9,
  enrolledOn: '2026-01-05',
};
const ann = {
  memberId: 'm2',
  enrolledAt: '2026-01-05T10:00:00Z',
  identities: [
    { type: 'email', value: 'ann@example.com' },
    { type: 'phone', value: '+4915112345678' },
    { type: 'hubspot', value: '501' },
    { type: 'shopify', value: '7000111' },
  ],
  profile: { name: 'Ann Lee', locale: 'de', birthday: '1990-02-28' },
  consents: {},
} as unknown as Member;

/** `m1` was merged into `m2`. */
const copies = (shares?: readonly ('email' | 'phone' | 'name' | 'locale' | 'standing')[], seqNow = 7) =>
  openMemberCopies({
    manifest: { id: 'hubspot', ...(shares && { shares }) },
    members: () => ({ get: async (id) => (id === 'm1' || id === 'm2' ? ann : undefined) }),
    standings: () => ({ of: async () => ({ seq: 7, standing }), seq: async () => seqNow }),
  });

describe('what a vendor is shown of a member', () => {
  it('is what its manifest names, with its own ids of him and nobody else’s', async () => {
    expect(await copies(['email', 'standing']).of('m2')).toEqual({
      member: {
        identities: [
          { type: 'email', value: 'ann@example.com' },
          { type: 'hubspot', value: '501' },
        ],
        standing,
      },
      as: { memberId: 'm2', seq: 7 },
    });
    expect((await copies(['phone', 'name', 'locale']).of('m2')).member).toEqual({
      identities: [
        { type: 'phone', value: '+4915112345678' },
        { type: 'hubspot', value: '501' },
      ],
      name: 'Ann Lee',
      locale: 'de',
    });
  });

  it('is nothing where the manifest names nothing, and of nobody who was erased', async () => {
    expect(await copies().of('m2')).toEqual({});
    expect(await copies(['email']).of('m3')).toEqual({});
  });

  it('says of an account that was merged whose it is by now', async () => {
    expect((await copies(['standing']).of('m1')).member?.mergedInto).toBe('m2');
    expect((await copies(['standing']).of('m2')).member).not.toHaveProperty('mergedInto');
  });

  it('is overtaken once the account has moved on', async () => {
    for (const [seqNow, isOvertaken] of [
      [7, false],
      [8, true],
    ] as const) {
      const some = copies(['standing'], seqNow);
      expect(await some.isOvertaken(await some.of('m2'))).toBe(isOvertaken);
    }
    const unasked = copies(['email'], 8);
    expect(await unasked.isOvertaken(await unasked.of('m2'))).toBe(false);
  });
});
