import { describe, expect, it } from '@jest/globals';
import { decideActivity, decideSale } from '../../lib/loyalty/accrue.ts';
import { Campaign, type CampaignInput, campaignFaults } from '../../lib/loyalty/campaign.ts';
import { isHeldOut } from '../../lib/loyalty/campaigning.ts';
import type { Detail } from '../../lib/loyalty/detail.ts';
import { append, newAccount } from '../../lib/loyalty/entry.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { decideRefund } from '../../lib/loyalty/refund.ts';
import type { Person } from '../../lib/loyalty/segmenting.ts';
import type { Situation } from '../../lib/loyalty/situation.ts';
import fc from '../fast-check.ts';
import { program, refund, sale, visit } from '../ledger/world.ts';

const campaign = (more: Partial<CampaignInput> = {}): Campaign =>
  Campaign.parse({
    id: 'double-days',
    name: 'Double days',
    startsAt: '2026-03-10T08:00:00+01:00',
    endsAt: '2026-03-12T20:00:00+01:00',
    effect: { kind: 'multiplier', bp: 20_000 },
    ...more,
  });
const bonus = (more: Partial<CampaignInput> = {}) =>
  campaign({ id: 'hello', effect: { kind: 'bonus', points: 50 }, ...more });

const situation = (
  campaigns: readonly Campaign[],
  more: Partial<Situation> = {},
  changes: Partial<ProgramInput> = {},
) => ({
  program: program({ caps: [], ...changes }),
  now: new Date('2026-03-11T12:00:00Z'),
  campaigns,
  ...more,
});
const member = (id = 'm1') => newAccount(id, 'base');
type Sale = Extract<Detail, { kind: 'sale' }>;
const sold = (campaigns: readonly Campaign[], netMinor = 1_000, at = '2026-03-10T12:00:00Z', more = {}, changes = {}) =>
  decideSale(member(), sale('o1', netMinor, { occurredAt: at }), situation(campaigns, more, changes)).detail as Sale;

describe('a campaign gives', () => {
  it('what its factor adds, as a part of its own beside the rule’s', () => {
    expect(sold([campaign()])).toMatchObject({
      earned: 140,
      parts: [
        { rule: 'spend', points: 70 },
        { rule: 'campaign:double-days', of: 'spend', points: 70 },
      ],
      campaigns: [{ id: 'double-days', points: 70 }],
    });
  });

  it('points for an order, or for an activity', () => {
    expect(sold([bonus()])).toMatchObject({ earned: 120, campaigns: [{ id: 'hello', points: 50 }] });
    const visits = bonus({
      effect: { kind: 'bonus', on: 'activity', points: 9 },
      when: [{ is: 'activity', activities: ['visit'] }],
    });
    expect(sold([visits])).not.toHaveProperty('campaigns');
    expect(decideActivity(member(), visit('v1'), situation([visits])).detail).toMatchObject({
      earned: 14,
      campaigns: [{ id: 'hello', points: 9 }],
    });
  });

  it.each([
    ['one after the other', 'multiply', [70, 140]],
    ['their surplus added', 'add', [70, 70]],
    ['the largest', 'best', [70, 0]],
  ] as const)('with a second one: %s', (_, multipliers, [first, second]) => {
    const both = [campaign({ id: 'a' }), campaign({ id: 'b' })];
    const { campaigns = [] } = sold(both, 1_000, undefined, {}, { stacking: { multipliers } });
    expect(campaigns).toEqual(
      [
        { id: 'a', points: first },
        { id: 'b', points: second },
      ].filter(({ points }) => points > 0),
    );
  });

  it('no more than the program lets all factors come to', () => {
    expect(sold([campaign()], 1_000, undefined, {}, { stacking: { maxBp: 15_000 } }).earned).toBe(105);
  });

  it('no more than the program’s limits leave', () => {
    expect(
      sold([campaign()], 1_000, undefined, {}, { caps: [{ id: 'daily', points: 100, per: 'day' }] }),
    ).toMatchObject({
      earned: 100,
      campaigns: [{ id: 'double-days', points: 30 }],
    });
  });

  it('points that wait where the rule’s own wait', () => {
    const { parts, to } = sold(
      [campaign()],
      1_000,
      undefined,
      {},
      {
        rules: [
          {
            id: 'spend',
            on: 'sale',
            earn: { kind: 'per-amount', points: 7, amount: '1.00', base: 'net' },
            pending: { kind: 'days', days: 14 },
          },
        ],
      },
    );
    expect(new Set(parts.map((part) => part.to ?? to)).size).toBe(1);
  });
});

describe('a campaign is on', () => {
  it.each([
    ['a second before it begins', '2026-03-10T06:59:59Z', 70],
    ['at its first instant', '2026-03-10T07:00:00Z', 140],
    ['inside', '2026-03-11T07:00:00Z', 140],
    ['at its last', '2026-03-12T18:59:59.999Z', 140],
    ['when it has ended', '2026-03-12T19:00:00Z', 70],
  ])('%s', (_, at, earned) => {
    expect(sold([campaign()], 1_000, at, { now: new Date('2026-03-20T12:00:00Z') }).earned).toBe(earned);
  });

  it.each([
    ['on its weekdays', [{ is: 'weekday', days: ['tue'] }], 140],
    ['and not on others', [{ is: 'weekday', days: ['fri'] }], 70],
    ['at its hours, in the merchant’s zone', [{ is: 'hours', from: '13:00', to: '13:01' }], 140],
    ['and not at others', [{ is: 'hours', from: '12:00', to: '13:00' }], 70],
  ] as const)('%s', (_, when, earned) => {
    expect(sold([campaign({ when: when as unknown as CampaignInput['when'] })]).earned).toBe(earned);
  });
});

describe('a campaign means', () => {
  const person: Person = { tags: ['vip'], consents: {}, locale: 'de-AT', joinedOn: '2026-02-20' };
  const at = { locationId: 'berlin' };
  it.each([
    ['a tier', { is: 'tier-in', tiers: ['base'] }, true],
    ['another tier', { is: 'tier-in', tiers: ['gold'] }, false],
    ['a tag', { is: 'tag-in', tags: ['vip'] }, true],
    ['anybody else', { not: { is: 'tag-in', tags: ['vip'] } }, false],
    ['a language', { is: 'locale-in', locales: ['de'] }, true],
    ['who joined of late', { is: 'joined-within', days: 30 }, true],
    ['who joined later than that', { is: 'joined-within', days: 3 }, false],
    ['who buys there', { is: 'location-in', locations: ['berlin'] }, true],
    ['who buys elsewhere', { is: 'location-in', locations: ['hamburg'] }, false],
  ])('%s', (_, segment, meant) => {
    const on = situation([campaign({ segment: segment as CampaignInput['segment'] })], { person });
    const { detail } = decideSale(member(), sale('o1', 1_000, at), on);
    expect(detail).toMatchObject({ earned: meant ? 140 : 70 });
  });

  it('nobody whom it knows too little about', () => {
    for (const segment of [
      { is: 'tag-in', tags: ['vip'] },
      { is: 'joined-within', days: 30 },
      { is: 'location-in', locations: ['berlin'] },
      { not: { is: 'location-in', locations: ['berlin'] } },
    ] as const)
      expect(sold([campaign({ segment: segment as unknown as CampaignInput['segment'] })])).not.toHaveProperty(
        'campaigns',
      );
  });
});

describe('a hold-out share', () => {
  it('gets nothing, and the entry says that it would have', () => {
    const held = Array.from({ length: 50 }, (_, at) => `m${at}`).find((id) =>
      isHeldOut({ id: 'double-days', holdOutBp: 5_000 }, id),
    );
    const decided = decideSale(member(held), sale('o1', 1_000), situation([campaign({ holdOutBp: 5_000 })]));
    expect(decided.detail).toMatchObject({ earned: 70, campaigns: [{ id: 'double-days', held: true }] });
    expect(JSON.stringify(decided.trace)).not.toContain('double-days');
  });

  it.each([500, 2_000, 5_000])('of %i basis points is that large, and another one for each campaign', (holdOutBp) => {
    const ids = Array.from({ length: 20_000 }, (_, at) => `member-${at}`);
    const held = (id: string) => new Set(ids.filter((one) => isHeldOut({ id, holdOutBp }, one)));
    const [a, b] = [held('a'), held('b')];
    const share = holdOutBp / 10_000;
    expect(Math.abs(a.size / ids.length - share)).toBeLessThan(0.012);
    // Who is in both is there by chance.
    expect(Math.abs([...a].filter((one) => b.has(one)).length / ids.length - share * share)).toBeLessThan(0.012);
  });
});

describe('limits', () => {
  it('a member gets something so often', () => {
    let account = member();
    const earned = [1, 2, 3].map((at) => {
      const draft = decideSale(
        account,
        sale(`o${at}`, 1_000),
        situation([bonus({ perMember: { max: 2, per: 'ever' } })]),
      );
      account = append(account, draft, { recordedAt: '2026-03-11T12:00:00Z', program: 't' }).account;
      return draft.change.lifetime;
    });
    expect(earned).toEqual([120, 120, 70]);
  });

  it('a budget is shared by all parts of a campaign', () => {
    const rules: ProgramInput['rules'] = [
      { id: 'spend', on: 'sale', earn: { kind: 'per-amount', points: 7, amount: '1.00', base: 'net' } },
      { id: 'order', on: 'sale', earn: { kind: 'flat', points: 30 } },
    ];
    const budgets = { 'campaign:double-days': 80 };
    expect(sold([campaign({ budgetPoints: 500 })], 1_000, undefined, { budgets }, { rules })).toMatchObject({
      earned: 180,
      campaigns: [{ id: 'double-days', points: 80 }],
    });
  });
});

it('a full refund in any split takes back exactly what rule and campaign gave', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4_000 }), { minLength: 1, maxLength: 5 }), (pieces) => {
      const total = pieces.reduce((sum, piece) => sum + piece, 0);
      const at = situation([campaign({ effect: { kind: 'multiplier', bp: 17_500 } }), bonus()]);
      const stamp = { recordedAt: '2026-03-11T12:00:00Z', program: 't' };
      const first = append(member(), decideSale(member(), sale('o1', total), at), stamp);
      let { account } = first;
      const before = [first.entry];
      for (const [index, piece] of pieces.entries()) {
        const draft = decideRefund(account, refund('o1', `r${index}`, piece), at, first.entry, before);
        const next = append(account, draft, stamp);
        before.push(next.entry);
        account = next.account;
      }
      expect(account.available).toBe(0);
    }),
  );
});

describe('what one may say', () => {
  const faults = (more: Partial<CampaignInput>) => campaignFaults(campaign(more), program());
  it('is held against the program', () => {
    expect(faults({})).toEqual([]);
    expect(faults({ when: [{ is: 'tier-in', tiers: ['silver'] }] })).toEqual([
      { path: 'when.0.tiers.0', message: 'no such tier: use one of base, gold' },
    ]);
    expect(faults({ when: [{ is: 'minimum-spend', amount: '5.00' }] })).toMatchObject([{ path: 'when.0.is' }]);
    expect(
      faults({ effect: { kind: 'bonus', points: 5 }, when: [{ is: 'minimum-spend', amount: '5.001' }] }),
    ).toMatchObject([{ path: 'when.0.amount' }]);
    expect(faults({ effect: { kind: 'reward', reward: { id: 'coffee', name: 'C', cost: 1 } } })).toMatchObject([
      { path: 'effect.reward.id' },
    ]);
    expect(faults({ segment: { is: 'spent', atLeast: '5.00' } })).toMatchObject([{ path: 'segment' }]);
    expect(faults({ segment: { not: { is: 'tier-in', tiers: ['silver'] } } })).toEqual([
      { path: 'segment', message: 'no such tier "silver": use one of base, gold' },
    ]);
  });

  it('of a message: whom it is for, also by what only reports add up', () => {
    const effect = { kind: 'message', texts: { en: 'Hello.' } } as const;
    expect(faults({ effect, segment: { is: 'spent', atLeast: '5.00' } })).toEqual([]);
    expect(faults({ effect, segment: { is: 'spent', atLeast: '5.001' } })).toMatchObject([{ path: 'segment' }]);
  });

  it('of a reward: nothing about the place, which it has not', () => {
    const effect = { kind: 'reward', reward: { id: 'star', name: 'A star', cost: 5 } } as const;
    expect(faults({ effect, segment: { is: 'location-in', locations: ['berlin'] } })).toMatchObject([
      { path: 'segment' },
    ]);
  });

  it('of an activity: only what somebody looks out for', () => {
    const effect = { kind: 'bonus', on: 'activity', points: 5 } as const;
    const about = (activity: 'birthday' | 'yearly' | 'review') =>
      faults({ effect, when: [{ is: 'activity', activities: [activity] }] }).map(({ path }) => path);
    expect([about('review'), about('birthday'), about('yearly')]).toEqual([[], [], ['when.0.activities']]);
  });

  it.each([
    ['an end before the beginning', { endsAt: '2026-03-10T07:00:00Z' }],
    ['a factor that takes', { effect: { kind: 'multiplier', bp: 5_000 } }],
    [
      'a reward with a budget',
      { effect: { kind: 'reward', reward: { id: 'x', name: 'X', cost: 1 } }, budgetPoints: 5 },
    ],
    ['everybody held out', { holdOutBp: 10_000 }],
  ] as const)('and not %s', (_, more) => {
    expect(() => campaign(more as Partial<CampaignInput>)).toThrow();
  });
});
