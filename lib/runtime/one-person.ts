import { type Consents, everyConsent, newestOf, over } from '../loyalty/consents.ts';
import type { Identity, Profile } from '../loyalty/facts.ts';
import type { Member } from './members.ts';

/**
 * Two rows that are one person's, and two again when that was a mistake. The one that goes stays as it was, beside what
 * the other was like before, so that parting them needs nobody's memory.
 */
export interface MergedMember extends Member {
  readonly mergedInto: string;
  readonly host: Pick<Member, 'profile' | 'profileAt' | 'consents' | 'tags'>;
}

/** The host has what both had; where they disagree, the host's profile and the newest consent stand. */
export function united(host: Member, guest: Member): { readonly host: Member; readonly guest: MergedMember } {
  const tags = [...new Set([...(host.tags ?? []), ...(guest.tags ?? [])])].sort();
  return {
    host: {
      ...host,
      identities: [...host.identities, ...guest.identities],
      profile: { ...guest.profile, ...host.profile },
      profileAt: Date.parse(guest.profileAt) > Date.parse(host.profileAt) ? guest.profileAt : host.profileAt,
      consents: newestOf(host.consents, guest.consents),
      ...(tags.length > 0 && { tags }),
      absorbed: [...(host.absorbed ?? []), guest.memberId, ...(guest.absorbed ?? [])],
      version: host.version + 1,
    },
    guest: {
      ...guest,
      mergedInto: host.memberId,
      host: {
        profile: host.profile,
        profileAt: host.profileAt,
        consents: host.consents,
        ...(host.tags && { tags: host.tags }),
      },
      version: guest.version + 1,
    },
  };
}

/**
 * The guest is as it was; the host is without what came from the guest. What was told of the host since stays with it,
 * also an identity of the guest's that has become somebody else's. `returning` are those that have not.
 */
export function parted(
  host: Member,
  merged: MergedMember,
  returning: readonly Identity[],
): { readonly host: Member; readonly guest: Member } {
  const { mergedInto: _, host: before, ...guest } = merged;
  const goes = (one: Identity) => returning.some(({ type, value }) => type === one.type && value === one.value);
  const { tags: _tags, absorbed: _absorbed, ...rest } = host;
  const lent = new Set((merged.tags ?? []).filter((tag) => !before.tags?.includes(tag)));
  const tags = (host.tags ?? []).filter((tag) => !lent.has(tag));
  const leaving = new Set([merged.memberId, ...(merged.absorbed ?? [])]);
  const absorbed = (host.absorbed ?? []).filter((id) => !leaving.has(id));
  const profile = profileWithout(host.profile, merged.profile, before.profile);
  return {
    host: {
      ...rest,
      identities: host.identities.filter((one) => !goes(one)),
      profile,
      profileAt: host.profileAt === merged.profileAt ? before.profileAt : host.profileAt,
      consents: consentsWithout(host.consents, merged.consents, before.consents),
      ...(tags.length > 0 && { tags }),
      ...(absorbed.length > 0 && { absorbed }),
      version: host.version + 1,
    },
    guest: { ...guest, identities: [...returning], version: guest.version + 1 },
  };
}

/** Without the fields that the host only had from the guest. */
function profileWithout(now: Profile, guest: Profile, before: Profile): Profile {
  return Object.fromEntries(
    Object.entries(now).filter(([field, value]) => {
      const name = field as keyof Profile;
      return before[name] !== undefined || guest[name] !== value;
    }),
  );
}

/** Each word that is still the guest's gives way to what the host had said before. */
function consentsWithout(now: Consents, guest: Consents, before: Consents): Consents {
  const isGuests = ({ channel, purpose, at, source, granted }: ReturnType<typeof everyConsent>[number]) => {
    const theirs = guest[channel]?.[purpose];
    const mine = before[channel]?.[purpose];
    const same = (one: typeof theirs) => one?.at === at && one.source === source && one.granted === granted;
    return same(theirs) && !same(mine);
  };
  const own = everyConsent(now).filter((one) => !isGuests(one));
  return newestOf(over({}, own), before);
}
