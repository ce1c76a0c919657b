import type * as z from 'zod';
import type { MemberCopy, Standing } from '../contract.ts';
import type manifest from './manifest.ts';

type Settings = z.output<typeof manifest.settings>;
export type Properties = Readonly<Record<string, string>>;

/** By which a contact is a member's: a property whose values HubSpot keeps unique. */
export const keyOf = ({ prefix }: Settings): string => `${prefix}member_id`;

const WRITTEN: Readonly<Record<Settings['properties'][number], (standing: Standing) => string | number | undefined>> = {
  points: ({ available }) => available,
  points_pending: ({ pending }) => pending,
  points_held: ({ held }) => held,
  points_lifetime: ({ lifetime }) => lifetime,
  tier: ({ tier }) => tier,
  visits: ({ visits }) => visits,
  enrolled_on: ({ enrolledOn }) => enrolledOn,
  next_expiry_on: ({ nextExpiryOn }) => nextExpiryOn,
  next_expiry_points: ({ nextExpiryPoints }) => nextExpiryPoints,
};

/** HubSpot takes nothing but texts; an empty one clears the property. */
export const standingProperties = ({ prefix, properties }: Settings, standing: Standing): Properties =>
  Object.fromEntries(properties.map((name) => [`${prefix}${name}`, String(WRITTEN[name](standing) ?? '')]));

export const noStanding = ({ prefix, properties }: Settings): Properties =>
  Object.fromEntries(properties.map((name) => [`${prefix}${name}`, '']));

const identityOf = ({ identities }: MemberCopy, wanted: string): string | undefined =>
  identities.find(({ type }) => type === wanted)?.value;

export const emailOf = (member: MemberCopy): string | undefined => identityOf(member, 'email');

/**
 * What a new contact begins with. Of one that is there already, it is the merchant's staff who know better. A name is
 * one text with us, and no rule says where it parts.
 */
export function profileProperties(member: MemberCopy): Properties {
  const phone = identityOf(member, 'phone');
  const email = emailOf(member);
  return { ...(email && { email }), ...(phone && { phone }), ...(member.name && { firstname: member.name }) };
}
