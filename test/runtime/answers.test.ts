import { describe, expect, it } from '@jest/globals';
import { type EventType, LoyaltyEvent } from '../../lib/loyalty/events.ts';
import type { Identity } from '../../lib/loyalty/facts.ts';
import { isByReply } from '../../lib/loyalty/replies.ts';
import { redemptionIdFor } from '../../lib/runtime/asked-redemptions.ts';
import { openMarketingWeeks } from '../../lib/runtime/marketing-weeks.ts';
import { openMembers } from '../../lib/runtime/members.ts';
import { openMessageRows } from '../../lib/runtime/message-rows.ts';
import type { PlanWork } from '../../lib/runtime/plan-work.ts';
import type { PlannedMessage } from '../../lib/runtime/planned-message.ts';
import { openPlanner } from '../../lib/runtime/planner.ts';
import { MemoryClient } from '../ledger/memory-client.ts';

/** How what a member asked for is answered, and what need not be said besides. */

const [HOME, OFFICE, CHAT]: Identity[] = [
  { type: 'phone', value: '+4915112345678' },
  { type: 'phone', value: '+4930123456' },
  { type: 'telegram', value: '7' },
] as const;
const timeZone = 'Europe/Berlin';

async function planning(identities: readonly Identity[]) {
  const client = new MemoryClient().asClient();
  const members = openMembers({ client, table: 'members', timeZone });
  const told = { source: 'till', at: '2026-03-01T12:00:00Z' };
  // Nothing was agreed to.
  const made = await members.enrol({ identities, profile: {}, consents: {}, ...told });
  if (made.kind === 'disagree') throw new Error('nobody was enrolled');
  const handed: PlannedMessage[] = [];
  const on: ReadonlySet<EventType> = new Set(['points.redeemed', 'reward.redeemed'] as const);
  const planner = openPlanner({
    ways: [{ connector: 'twilio-sms', channel: 'sms', on }],
    timeZone,
    mergeSeconds: 0,
    // All day long.
    quietHours: { from: '00:00', to: '23:59' },
    messages: openMessageRows({ client, table: 'program', timeZone }),
    members,
    weeks: openMarketingWeeks({ client, table: 'program', perWeek: 1 }),
    compose: async ([event]) => ({ locale: 'en', kind: event?.type ?? 'points.redeemed', text: 'words', values: {} }),
    wake: async () => undefined,
    hand: async (message) => {
      handed.push(message);
    },
    heardAt: async () => undefined,
    facts: { tell: async () => undefined },
  });
  const { memberId } = made.member;
  const answer = (more: Partial<Extract<PlanWork, { kind: 'answer' }>> = {}): PlanWork => ({
    kind: 'answer',
    id: 'reply:1',
    memberId,
    connector: 'twilio-sms',
    locale: 'en',
    text: 'you have 12 points.',
    purpose: 'transactional',
    ...more,
  });
  return { planner, members, memberId, handed, answer };
}

describe('an answer', () => {
  it('goes back to the number that asked, at any hour and without consent, once', async () => {
    const { planner, handed, answer, memberId } = await planning([HOME, OFFICE] as Identity[]);
    await planner.goOn(answer({ identities: [CHAT, OFFICE] as Identity[] }));
    expect(handed).toEqual([
      expect.objectContaining({ to: OFFICE?.value, memberId, connector: 'twilio-sms', text: 'you have 12 points.' }),
    ]);
    await planner.goOn(answer({ id: 'reply:2' }));
    expect(handed[1]).toMatchObject({ to: HOME?.value });
    expect(new Set(handed.map(({ id }) => id)).size).toBe(2);
  });

  it('has no way where the channel does not know the member', async () => {
    const { planner, handed, answer } = await planning([CHAT] as Identity[]);
    await planner.goOn(answer());
    await planner.goOn(answer({ connector: 'pigeons' }));
    expect(handed).toEqual([]);
  });
});

describe('what came of a redemption', () => {
  const redeemed = (type: 'points.redeemed' | 'reward.redeemed', memberId: string, redemptionId: string) =>
    LoyaltyEvent.parse({
      id: `${memberId}.2.${type}`,
      type,
      memberId,
      entryId: `${memberId}.2`,
      occurredAt: new Date().toISOString(),
      balance: { available: 10, pending: 0, held: 0 },
      tier: 'base',
      data: { points: 30, redemptionId, rewardId: 'coffee' },
    }) as LoyaltyEvent;
  const BY_REPLY = redemptionIdFor({ source: 'twilio-sms', factId: 'twilio-sms:SM1' });

  it.each(['points.redeemed', 'reward.redeemed'] as const)(
    'is not said twice to whoever did it by a reply: %s',
    async (type) => {
      const { planner, members, memberId, handed } = await planning([HOME] as Identity[]);
      const granted = { granted: true, at: '2026-03-01T12:00:00Z', source: 'till', proof: '' };
      await members.change(memberId, (member) => ({ ...member, consents: { sms: { transactional: granted } } }));
      await planner.heard(redeemed(type, memberId, BY_REPLY));
      expect(handed).toEqual([]);
      await planner.heard({ ...redeemed(type, memberId, 'till-1'), id: `${memberId}.3.${type}` });
      expect(handed).toHaveLength(1);
    },
  );

  it('is told apart by the id', () => {
    expect(isByReply(BY_REPLY)).toBe(true);
    for (const id of ['till-1', 'R-1', `${BY_REPLY}X`, `X${BY_REPLY}`]) expect(isByReply(id)).toBe(false);
    expect(redemptionIdFor({ source: 'whatsapp', factId: 'twilio-sms:SM1' })).not.toBe(BY_REPLY);
  });
});
