import type { MemberCopy } from '../connectors/contract.ts';
import type { LoyaltyEvent, Ticket } from '../loyalty/events.ts';
import { alertFor } from './alerts.ts';
import type { DeployedMerchant } from './config.ts';

/** What the support desk has to look at, in the words that staff are told; `undefined`: nothing. */
export function ticketFor(event: LoyaltyEvent, merchant: DeployedMerchant, member?: MemberCopy): Ticket | undefined {
  if (event.type === 'dispute.closed') return closed(event, merchant);
  // Good to know, and nothing to be worked on.
  if (event.type === 'tier.changed') return undefined;
  const alert = alertFor(event, merchant);
  if (!alert) return undefined;
  const requester = event.type === 'dispute.opened' ? requesterOf(member) : undefined;
  return {
    externalId: caseOf(event),
    memberId: event.memberId,
    subject: `${alert.title} (${merchant.program.name})`,
    text: [alert.text, '', ...alert.fields.map(({ name, value }) => `${name}: ${value}`)].join('\n'),
    status: 'open',
    ...(requester && { requester }),
  };
}

function closed({ memberId, entryId, data }: Of<'dispute.closed'>, { program }: DeployedMerchant): Ticket {
  return {
    externalId: disputeCase(data.disputeId),
    memberId,
    subject: `A dispute (${program.name})`,
    text: [`The dispute was closed: ${data.outcome}.`, '', `Member: ${memberId}`, `Entry: ${entryId}`].join('\n'),
    status: 'solved',
  };
}

type Of<Type extends LoyaltyEvent['type']> = Extract<LoyaltyEvent, { type: Type }>;

const disputeCase = (disputeId: string): string => `dispute:${disputeId}`;

/** All that is wrong with one entry is one case. */
const caseOf = (event: LoyaltyEvent): string =>
  event.type === 'dispute.opened' ? disputeCase(event.data.disputeId) : `entry:${event.entryId}`;

/**
 * Whoever says that something is wrong asks; nobody else does. A desk writes to its requesters, and somebody who is
 * looked at must not hear of it from there.
 */
function requesterOf(member: MemberCopy | undefined): Ticket['requester'] {
  const of = (type: string) => member?.identities.find((identity) => identity.type === type)?.value;
  const [email, phone, name] = [of('email'), of('phone'), member?.name];
  // A name alone reaches nobody.
  if (email === undefined && phone === undefined) return undefined;
  return { ...(email && { email }), ...(phone && { phone }), ...(name && { name }) };
}
