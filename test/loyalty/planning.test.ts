import { describe, expect, it } from '@jest/globals';
import { type Consents, consentsOf } from '../../lib/loyalty/consents.ts';
import { type EventType, LoyaltyEvent } from '../../lib/loyalty/events.ts';
import type { Channel } from '../../lib/loyalty/facts.ts';
import { companionsOf, hourFor, isUntrue, notAfter, purposeOf, type Way, waysTo } from '../../lib/loyalty/planning.ts';

const noon = '2026-03-10T11:00:00Z'; // in Berlin
const night = '2026-03-10T22:00:00Z';
const BERLIN = 'Europe/Berlin';

let happenings = 0;
function event(type: EventType, data: object = {}, occurredAt = noon): LoyaltyEvent {
  happenings += 1;
  const entryId = `m_ada.${happenings}`;
  const balance = { available: 42, pending: 0, held: 0 };
  return LoyaltyEvent.parse({
    id: `${entryId}.${type}`,
    type,
    memberId: 'm_ada',
    entryId,
    occurredAt,
    balance,
    tier: 'guest',
    data,
  }) as LoyaltyEvent;
}

const earned = (more: object = {}, at?: string) =>
  event('points.earned', { points: 12, source: 'shopify', object: 'A-77', ...more }, at);
const reversed = (more: object = {}) =>
  event('points.reversed', { points: 12, returned: 0, orderId: 'A-77', reason: 'return', ...more });
const raised = (at?: string) => event('tier.changed', { from: 'guest', to: 'friend' }, at);
const birthday = () => event('birthday', { points: 5 });
const missed = () => event('member.inactive', { days: 30, rung: 1 });
const invited = () => event('campaign.message', { campaignId: 'spring' });
const expiring = (last: boolean) =>
  event('points.expiring', { points: 5, on: '2026-03-17', through: '2026-03-17', daysBefore: 7, last });

describe('a message is advertising', () => {
  it.each([
    ['which wins somebody back', missed(), 'marketing'],
    ['that greets', birthday(), 'marketing'],
    ['of a campaign', invited(), 'marketing'],
    ['but not about points', earned(), 'transactional'],
    ['but not when they lapse', expiring(true), 'transactional'],
  ] as const)('%s', (_, one, purpose) => {
    expect(purposeOf(one)).toBe(purpose);
  });
});

describe('what is said together', () => {
  const idsOf = (one: LoyaltyEvent, waiting: readonly LoyaltyEvent[]) =>
    companionsOf(
      one,
      waiting.map((each) => ({ event: each })),
    ).map(({ event: { id } }) => id);

  it('is all that waits, of one purpose, without itself', () => {
    const [one, tier, greeting] = [earned(), raised(), birthday()];
    expect(idsOf(one, [one, tier, greeting])).toEqual([tier.id]);
    expect(idsOf(greeting, [one, tier, greeting])).toEqual([]);
  });

  it.each([
    ['a last warning', expiring(true)],
    ['the words of a campaign', invited()],
  ])('is never %s', (_, alone) => {
    const others = [earned(), missed(), expiring(false)];
    expect(idsOf(alone, others)).toEqual([]);
    for (const other of others) expect(idsOf(other, [alone])).toEqual([]);
  });

  it('is twelve things at most: the others are a message of their own', () => {
    const waiting = Array.from({ length: 20 }, () => earned());
    expect(idsOf(raised(), waiting)).toEqual(waiting.slice(0, 11).map(({ id }) => id));
  });
});

describe('a refund makes untrue', () => {
  it.each<[string, LoyaltyEvent, readonly LoyaltyEvent[], boolean]>([
    ['what its order had earned', earned(), [reversed()], true],
    ['also where it takes a part', earned(), [reversed({ points: 1 })], true],
    ['but not what another had', earned({ object: 'A-78' }), [reversed()], false],
    ['nor a review of that name', earned({ activity: 'review' }), [reversed()], false],
    ['nor anything else', raised(), [reversed()], false],
  ])('%s', (_, one, all, untrue) => {
    expect(isUntrue(one, all, [])).toBe(untrue);
  });

  it.each<[string, LoyaltyEvent, readonly LoyaltyEvent[], boolean]>([
    ['is no news to who never heard of the points', reversed(), [earned()], true],
    ['is news to who did', reversed(), [], false],
    ['is news where points come back', reversed({ returned: 30 }), [earned()], false],
    ['is news where some are left', reversed({ points: 5 }), [earned()], false],
    ['is news beside a review of that name', reversed(), [earned({ activity: 'review' })], false],
  ])('and %s', (_, one, unheard, untrue) => {
    expect(isUntrue(one, [...unheard, one], unheard)).toBe(untrue);
  });
});

describe('in quiet hours', () => {
  const quietHours = { from: '21:00', to: '08:00' };
  const morning = '2026-03-11T07:00:00Z';
  it.each<[string, readonly LoyaltyEvent[], string]>([
    ['a tier waits for the morning', [raised(night)], morning],
    ['a purchase of this moment does not', [earned({}, '2026-03-10T21:46:00Z')], night],
    ['nor does what is said with it', [raised(night), earned({}, night)], night],
    ['one that we hear of late does', [earned({}, '2026-03-10T21:45:00Z')], morning],
    ['a present for a birthday does', [earned({ activity: 'birthday' }, night)], morning],
  ])('%s', (_, events, then) => {
    expect(hourFor(events, { now: new Date(night), zone: BERLIN, quietHours })).toEqual(new Date(then));
  });

  it('nothing waits where there are none', () => {
    const asked = { now: new Date(night), zone: BERLIN, quietHours: undefined };
    expect(hourFor([raised(night)], asked)).toEqual(new Date(night));
  });
});

describe('it is pointless', () => {
  it.each<[string, LoyaltyEvent, string]>([
    ['after three days', raised(), '2026-03-13T11:00:00Z'],
    ['after the day of a greeting', birthday(), '2026-03-10T23:00:00Z'],
    ['to warn after the day itself', expiring(true), '2026-03-17T23:00:00Z'],
  ])('%s', (_, one, end) => {
    expect(notAfter(one, new Date(noon), BERLIN)).toEqual(new Date(end));
  });
});

describe('a member is told', () => {
  const on = new Set(['points.earned']);
  const [texts, chat, letters]: [Way, Way, Way] = [
    { connector: 'texts', channel: 'sms', on },
    { connector: 'telegram', channel: 'chat', on },
    { connector: 'letters', channel: 'email', on },
  ];
  const identities = [
    { type: 'phone', value: '+491720000001' },
    { type: 'email', value: 'ada@example.org' },
    { type: 'telegram', value: '7' },
  ];
  const told = { at: noon, source: 'till', proof: 'test' };
  const yes = (...channels: Channel[]): Consents =>
    consentsOf(Object.fromEntries(channels.map((channel) => [channel, true])), told);
  const all = yes('sms', 'chat', 'email');
  const waysOf = (more: Partial<Parameters<typeof waysTo>[0]> = {}, ways: readonly Way[] = [texts, chat, letters]) => {
    const { open, closed } = waysTo(
      { identities, consents: all, profile: {}, ...more },
      [earned()],
      'transactional',
      ways,
    );
    return [open.map(({ way, to }) => `${way.connector} ${to}`), closed.map(({ because }) => because)];
  };

  it('in the order of the file, each under its own address', () => {
    expect(waysOf()).toEqual([['texts +491720000001', 'telegram 7', 'letters ada@example.org'], []]);
  });

  it('first where he likes it best', () => {
    const [open] = waysOf({ profile: { preferredChannel: 'email' } });
    expect(open).toEqual(['letters ada@example.org', 'texts +491720000001', 'telegram 7']);
  });

  it('nowhere without his yes and an address, and why is known without either', () => {
    expect(waysOf({ consents: yes('chat', 'email'), identities: identities.slice(0, 2) })).toEqual([
      ['letters ada@example.org'],
      ['no consent to sms', 'no address for chat'],
    ]);
  });

  it('nothing for which he has agreed to other things only', () => {
    const consents = consentsOf({ sms: { marketing: true }, email: { transactional: true, marketing: false } }, told);
    expect(waysOf({ consents })).toEqual([['letters ada@example.org'], ['no consent to sms', 'no consent to chat']]);
  });

  it('nothing by those who are to say nothing of it, and that is no reason', () => {
    expect(waysOf({}, [{ ...texts, on: new Set(['birthday']) }])).toEqual([[], []]);
  });
});
