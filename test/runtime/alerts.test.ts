import { describe, expect, it } from '@jest/globals';
import type { EventType, LoyaltyEvent } from '../../lib/loyalty/events.ts';
import { alertFor } from '../../lib/runtime/alerts.ts';
import type { DeployedMerchant } from '../../lib/runtime/config.ts';
import { ticketFor } from '../../lib/runtime/tickets.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { checkMerchant, MerchantFileError } from '../../merchants/merchant.ts';

const merchantWith = (alerts: object): DeployedMerchant => ({
  ...checkMerchant({ ...artCafe, alerts }, 'the test'),
  version: 'v',
});
const event = <Type extends EventType>(type: Type, data: Extract<LoyaltyEvent, { type: Type }>['data']): LoyaltyEvent =>
  ({
    id: `m_1.7.${type}`,
    type,
    memberId: 'm_1',
    entryId: 'm_1.7',
    occurredAt: '2026-03-01T10:00:00Z',
    balance: { available: 42, pending: 0, held: 0 },
    tier: 'patron',
    data,
  }) as LoyaltyEvent;

describe('staff hear of a tier', () => {
  const merchant = merchantWith({ tiers: ['friend', 'patron'] });
  const changed = (from: string, to: string) => event('tier.changed', { from, to });

  it('that is reached, by ids alone', () => {
    expect(alertFor(changed('guest', 'patron'), merchant)).toEqual({
      id: 'm_1.7.tier.changed',
      title: 'Patron reached',
      text: 'A member of Kunstpause Club rose from Guest to Patron.',
      fields: [
        { name: 'Balance', value: '42' },
        { name: 'Member', value: 'm_1' },
        { name: 'Entry', value: 'm_1.7' },
      ],
    });
  });

  it.each([
    ['is lost', changed('patron', 'friend'), merchant],
    ['is none of those that they want to hear of', changed('guest', 'friend'), merchantWith({ tiers: ['patron'] })],
    ['is reached where they want to hear of none', changed('guest', 'patron'), merchantWith({})],
  ])('but not of one that %s', (_, one, where) => expect(alertFor(one, where)).toBeUndefined());

  it('and there is nothing to be worked on', () =>
    expect(ticketFor(changed('guest', 'patron'), merchant)).toBeUndefined());

  it('only where there is one of that name', () => {
    expect(() => merchantWith({ tiers: ['gold'] })).toThrow(MerchantFileError);
    expect(() => merchantWith({ tiers: ['gold'] })).toThrow(/alerts\.tiers\.0 = "gold"\n.*guest, friend, patron/);
  });
});

describe('staff hear of a redemption', () => {
  const redeemed = event('points.redeemed', { points: 400, redemptionId: 'r-1', rewardId: 'cake' });

  it('from so many points on, and what for', () => {
    expect(alertFor(redeemed, merchantWith({ redemptionFromPoints: 400 }))?.fields).toContainEqual({
      name: 'Reward',
      value: 'Cake of the day',
    });
    expect(alertFor(redeemed, merchantWith({ redemptionFromPoints: 401 }))).toBeUndefined();
  });

  it('of none where they want to hear of tiers alone', () =>
    expect(alertFor(redeemed, merchantWith({ tiers: ['patron'] }))).toBeUndefined());
});
