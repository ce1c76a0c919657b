import { describe, expect, it } from '@jest/globals';
import type { LoyaltyEvent } from '../../lib/loyalty/events.ts';
import { type CodeRow, codeIdOf } from '../../lib/runtime/codes.ts';
import { openSharedCodes } from '../../lib/runtime/delivering/shared-codes.ts';

const code = '7HKQ4X-M3RYAN-9CWDTE';
const id = codeIdOf(code);
const value = { kind: 'amount-off' as const, amount: '5.00' };
const given: CodeRow = {
  id,
  code,
  rewardId: 'voucher',
  redemptionId: 'red-1',
  memberId: 'm1',
  value,
  validThrough: '2027-02-19',
};

const redeemed = (codeId?: string): LoyaltyEvent => ({
  id: 'm1.8.reward.redeemed',
  type: 'reward.redeemed',
  memberId: 'm1',
  entryId: 'm1.8',
  occurredAt: '2026-11-21T09:59:00Z',
  balance: { available: 112, pending: 0, held: 0 },
  tier: 'guest',
  data: { redemptionId: 'red-1', rewardId: 'voucher', points: 150, ...(codeId !== undefined && { codeId }) },
});

describe('a code that came with a reward', () => {
  const shown = (
    event: LoyaltyEvent,
    row: Partial<CodeRow> = {},
    shares: readonly ('standing' | 'code')[] = ['standing', 'code'],
  ) => {
    const asked: string[] = [];
    const codes = () => ({
      row: async (one: string) => {
        asked.push(one);
        return one === id ? { ...given, ...row } : undefined;
      },
    });
    return openSharedCodes({ manifest: { shares }, codes })
      .of(event)
      .then((answer) => ({ answer, asked }));
  };

  it('is shown to the shop that takes it, with what it is worth and for how long', async () => {
    expect((await shown(redeemed(id))).answer).toEqual({ code, value, validThrough: '2027-02-19' });
  });

  it('is not even looked up for a vendor that is shown no codes', async () => {
    expect(await shown(redeemed(id), {}, ['standing'])).toEqual({ answer: undefined, asked: [] });
  });

  it.each(['used', 'revoked'] as const)('is not shown once it was %s', async (ended) => {
    expect((await shown(redeemed(id), { ended })).answer).toBeUndefined();
  });

  it('is not shown while nobody has it, or where there is none', async () => {
    expect((await shown(redeemed(id), { memberId: undefined } as never)).answer).toBeUndefined();
    expect((await shown(redeemed('unheard-of'))).answer).toBeUndefined();
    expect((await shown(redeemed())).asked).toEqual([]);
    expect((await shown({ ...redeemed(id), type: 'points.redeemed' } as never)).asked).toEqual([]);
  });
});
