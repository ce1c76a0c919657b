import type { Manifest, MemberCopy, Shared } from '../../connectors/contract.ts';
import type { Member, Members } from '../members.ts';
import type { Standings } from '../standings.ts';

/** What a vendor may know of somebody, and after how many entries it was so. */
export interface Shown {
  readonly member?: MemberCopy;
  /** Present where the copy holds how the account stands. */
  readonly as?: { readonly memberId: string; readonly seq: number };
}

/** Makes what leaves for one vendor: what its manifest says that it is shown, and nothing else. */
export function openMemberCopies({
  manifest: { id, shares },
  members,
  standings,
}: {
  manifest: Pick<Manifest, 'id' | 'shares'>;
  members: () => Pick<Members, 'get'>;
  standings: () => Standings;
}) {
  const shows = (what: Shared) => shares?.includes(what) ?? false;
  const isShown = ({ type }: Member['identities'][number]) =>
    type === id || ((type === 'phone' || type === 'email') && shows(type));

  return {
    /** Without a copy: the member was erased, or the vendor is shown nothing. */
    async of(memberId: string): Promise<Shown> {
      // Who is shown nothing asks nothing.
      const member = shares && (await members().get(memberId));
      if (!member) return {};
      const { name, locale } = member.profile;
      const stood = shows('standing') ? await standings().of(member) : undefined;
      return {
        member: {
          identities: member.identities.filter(isShown),
          ...(member.memberId !== memberId && { mergedInto: member.memberId }),
          ...(name !== undefined && shows('name') && { name }),
          ...(locale !== undefined && shows('locale') && { locale }),
          ...(stood && { standing: stood.standing }),
        },
        ...(stood && { as: { memberId: member.memberId, seq: stood.seq } }),
      };
    },

    /** Whether the account has moved on since. */
    isOvertaken: async ({ as }: Shown): Promise<boolean> =>
      as !== undefined && (await standings().seq(as.memberId)) > as.seq,
  };
}

export type MemberCopies = ReturnType<typeof openMemberCopies>;
