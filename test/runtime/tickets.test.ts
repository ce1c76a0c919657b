import { describe, expect, it } from '@jest/globals';
import type { MemberCopy } from '../../lib/connectors/contract.ts';
import type { EventType, LoyaltyEvent } from '../../lib/loyalty/events.ts';
import type { DeployedMerchant } from '../../lib/runtime/config.ts';
import { ticketFor } from '../../lib/runtime/tickets.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { checkMerchant } from '../../merchants/merchant.ts';

const merchant: DeployedMerchant = { ...checkMerchant(artCafe, 'the test'), version: 'v' };

const event = <Type extends EventType>(
  type: Type,
  data: Extract<LoyaltyEvent, { type: Type }>['data'],
  seq = 7,
): LoyaltyEvent =>
  ({
    id: `m_1.${seq}.${type}`,
    type,
    memberId: 'm_1',
    entryId: `m_1.${seq}`,
    occurredAt: '2026-03-01T10:00:00Z',
    balance: { available: 42, pending: 0, held: 0 },
    tier: 'friend',
    data,
  }) as LoyaltyEvent;

const ada: MemberCopy = {
  identities: [
    { type: 'zendesk', value: '88' },
    { type: 'email', value: 'ada@example.com' },
    { type: 'phone', value: '+4915112345678' },
  ],
  name: 'Ada Lovelace',
};
const opened = event('dispute.opened', { disputeId: 'd-1', about: 'm_1.3' });
const flagged = event('fraud.flagged', { because: 'too-often', object: 'A-1' });
const redeemed = (points: number) => event('points.redeemed', { points, redemptionId: 'r-1' });

describe('a ticket', () => {
  it('is opened for a dispute, by whom it is disputed', () => {
    expect(ticketFor(opened, merchant, ada)).toEqual({
      externalId: 'dispute:d-1',
      memberId: 'm_1',
      subject: 'A dispute (Kunstpause Club)',
      text: [
        'A member of Kunstpause Club says that something is wrong. The words are in the list of disputes.',
        '',
        'Dispute: d-1',
        'About: m_1.3',
        'Balance: 42',
        'Member: m_1',
        'Entry: m_1.7',
      ].join('\n'),
      status: 'open',
      requester: { email: 'ada@example.com', phone: '+4915112345678', name: 'Ada Lovelace' },
    });
  });

  it('is the same one, and solved, when the dispute is closed', () => {
    const closed = event('dispute.closed', { disputeId: 'd-1', outcome: 'upheld' }, 9);
    expect(ticketFor(closed, merchant, ada)).toEqual({
      externalId: 'dispute:d-1',
      memberId: 'm_1',
      subject: 'A dispute (Kunstpause Club)',
      text: 'The dispute was closed: upheld.\n\nMember: m_1\nEntry: m_1.9',
      status: 'solved',
    });
  });

  it('is one for all that is wrong with an entry', () => {
    const other = event('fraud.flagged', { because: 'too-much', object: 'A-1' });
    const tickets = [flagged, other].map((each) => ticketFor(each, merchant));
    expect(tickets.map((ticket) => ticket?.externalId)).toEqual(['entry:m_1.7', 'entry:m_1.7']);
    expect(tickets[0]?.text).not.toBe(tickets[1]?.text);
  });

  it('says nothing to somebody who is looked at: a desk writes to its requesters', () => {
    for (const each of [flagged, redeemed(400)]) expect(ticketFor(each, merchant, ada)).not.toHaveProperty('requester');
  });

  it.each<[string, MemberCopy | undefined, object | undefined]>([
    ['an e-mail alone', { identities: [{ type: 'email', value: 'ada@example.com' }] }, { email: 'ada@example.com' }],
    ['a phone alone', { identities: [{ type: 'phone', value: '+491' }] }, { phone: '+491' }],
    ['a name alone, which reaches nobody', { identities: [], name: 'Ada' }, undefined],
    ['nothing that may leave', { identities: [{ type: 'zendesk', value: '88' }] }, undefined],
    ['no member any more', undefined, undefined],
  ])('asks for %s', (_, member, requester) => {
    expect(ticketFor(opened, merchant, member)?.requester).toEqual(requester);
  });

  it('is opened for a redemption as large as staff want to hear of, and for no smaller one', () => {
    expect(ticketFor(redeemed(400), merchant)).toMatchObject({
      externalId: 'entry:m_1.7',
      subject: '400 points redeemed (Kunstpause Club)',
      status: 'open',
    });
    expect(ticketFor(redeemed(399), merchant)).toBeUndefined();
  });

  it('is nothing for what is no trouble', () => {
    expect(
      ticketFor(event('points.earned', { points: 12, source: 'shopify', object: 'A-1' }), merchant),
    ).toBeUndefined();
    expect(ticketFor(event('member.enrolled', { source: 'shopify' }), merchant)).toBeUndefined();
  });
});
