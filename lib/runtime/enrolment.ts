import { keyOf } from '../loyalty/entry.ts';
import type { Channel, Identity, Profile } from '../loyalty/facts.ts';
import type { FactsQueue } from './facts-queue.ts';
import type { Ledger } from './ledger.ts';
import { type Changed, type Consent, type Enrolment, linked, type Member, type Members } from './members.ts';
import { forIdentity, type WaitingRoom } from './waiting-room.ts';

export interface EnrolmentParts {
  readonly members: Members;
  readonly ledger: Pick<Ledger, 'note' | 'entry' | 'account'>;
  readonly waitingRoom: WaitingRoom;
  readonly facts: FactsQueue;
  /** What a new member says yes to by enrolling. */
  readonly consentAtEnrolment: readonly Channel[];
}

/** Who tells it, and when it happened. */
export interface Told {
  readonly source: string;
  readonly at: string;
}

/** What is said of a member's profile: absent is not told, `null` is taken away. */
export type ProfileChange = { readonly [Field in keyof Profile]?: Profile[Field] | null };

/**
 * Members and the ledger together. Every step may be the last before a crash: the next call with the same identities
 * finds what is there and does the rest.
 */
export function openEnrolment({ members, ledger, waitingRoom, facts, consentAtEnrolment }: EnrolmentParts) {
  /** A look before the leap: a note that is there is the common case, and a refused transaction costs as much as a booked one. */
  async function noteOnce(
    memberId: string,
    note: Parameters<Ledger['note']>[1],
    told: Told & { object: string },
  ): Promise<void> {
    const once = note.kind === 'enrolled' || note.kind === 'erased';
    const key = once ? keyOf('member', 'self', note.kind) : keyOf(told.source, told.object, note.kind);
    if ((await ledger.entry(memberId, key)) === undefined) await ledger.note(memberId, note, told);
  }

  async function noteAll(member: Member): Promise<void> {
    await noteOnce(
      member.memberId,
      { kind: 'enrolled' },
      { source: member.source, at: member.enrolledAt, object: 'self' },
    );
    for (const [channel, consent] of Object.entries(member.consents))
      await noteConsent(member.memberId, channel, consent);
  }

  const noteConsent = (memberId: string, channel: string, { granted, source, at }: Consent) =>
    noteOnce(memberId, { kind: 'consent', channel, granted }, { source, at, object: `${channel}@${at}` });

  /** Sends everything that waited for one of these on its way. Twice does no harm. */
  async function release(identities: readonly Identity[]): Promise<void> {
    const whats = identities.map(forIdentity);
    const waiting = await waitingRoom.waiting(whats);
    if (waiting.length === 0) return;
    await facts.release(waiting);
    for (const fact of waiting) await waitingRoom.remove(fact.factId, [...whats, ...fact.identities.map(forIdentity)]);
  }

  async function applied(memberId: string, told: Told, change: (member: Member) => Member): Promise<Changed> {
    const changed = await members.change(memberId, change);
    if (changed.kind === 'changed' && changed.member.profile !== changed.before.profile) {
      await ledger.note(memberId, { kind: 'updated' }, { ...told, object: `v${changed.member.version}` });
    }
    if ('member' in changed) {
      // Also those that were written before a crash, and not noted.
      const ofThis = Object.entries(changed.member.consents).filter(
        ([, { at, source }]) => at === told.at && source === told.source,
      );
      for (const [channel, consent] of ofThis) await noteConsent(memberId, channel, consent);
    }
    return changed;
  }

  return {
    /** Enrols, or finds and completes. `consents` are those that were asked for in so many words. */
    async enrol(
      identities: readonly Identity[],
      {
        profile,
        consents,
        proof,
      }: { profile: Profile; consents: Readonly<Partial<Record<Channel, boolean>>>; proof: string },
      told: Told,
    ): Promise<Enrolment> {
      const asked = consentsOf(consents, proof, told);
      const byEnrolling = Object.fromEntries(
        consentAtEnrolment.map((channel) => [channel, { granted: true, ...told, proof: 'enrolment' }]),
      );
      const enrolment = await members.enrol({ identities, profile, consents: { ...byEnrolling, ...asked }, ...told });
      if (enrolment.kind === 'disagree') return enrolment;
      await noteAll(enrolment.member);
      let { member } = enrolment;
      if (enrolment.kind === 'known') {
        const changed = await applied(member.memberId, told, (one) =>
          withConsents(withProfile(one, profile, told.at), asked),
        );
        if ('member' in changed) member = changed.member;
      }
      await release(member.identities);
      return { kind: enrolment.kind, member };
    },

    /** Changes a member that is known. Identities of the types in `replaces` give way to those told. */
    async change(
      memberId: string,
      wanted: {
        readonly profile?: ProfileChange;
        readonly consents?: Readonly<Partial<Record<Channel, boolean>>>;
        readonly proof?: string;
        readonly identities?: readonly Identity[];
        readonly replaces?: readonly string[];
      },
      told: Told,
    ): Promise<Changed> {
      const { profile = {}, consents = {}, proof = '', identities = [], replaces = [] } = wanted;
      const changed = await applied(memberId, told, (member) => {
        const kept = member.identities.filter(
          (one) =>
            !replaces.includes(one.type) ||
            identities.some((other) => other.type === one.type && other.value === one.value),
        );
        const narrowed = kept.length === member.identities.length ? member : { ...member, identities: kept };
        return withConsents(
          withProfile(linked(narrowed, identities), profile, told.at),
          consentsOf(consents, proof, told),
        );
      });
      if ('member' in changed && identities.length > 0) await release(identities);
      return changed;
    },

    /** Forgets the person: what is left are entries under an id that leads nowhere. `false` when there never was one. */
    async erase(memberId: string, told: Told): Promise<boolean> {
      const erased = await members.erase(memberId);
      // Without a row there may still be an erasure that was begun, and lacks its note.
      if (!erased && (await ledger.account(memberId)) === undefined) return false;
      const whats = (erased?.identities ?? []).map(forIdentity);
      for (const fact of await waitingRoom.waiting(whats)) {
        await waitingRoom.remove(fact.factId, [...whats, ...fact.identities.map(forIdentity)]);
      }
      await noteOnce(memberId, { kind: 'erased' }, { ...told, object: 'self' });
      return true;
    },

    release,
  };
}

const consentsOf = (
  asked: Readonly<Partial<Record<Channel, boolean>>>,
  proof: string,
  told: Told,
): Member['consents'] =>
  Object.fromEntries(Object.entries(asked).map(([channel, granted]) => [channel, { granted, ...told, proof }]));

/** The newest word counts, whichever came first; of two at the same time, the no. */
export function withConsents(member: Member, told: Member['consents']): Member {
  const newer = Object.entries(told).filter(([channel, { at, granted }]) => {
    const stands = member.consents[channel as Channel];
    return (
      !stands ||
      Date.parse(at) > Date.parse(stands.at) ||
      (Date.parse(at) === Date.parse(stands.at) && stands.granted && !granted)
    );
  });
  return newer.length === 0 ? member : { ...member, consents: { ...member.consents, ...Object.fromEntries(newer) } };
}

/** What is told later than what is known replaces it, field by field. */
export function withProfile(member: Member, told: ProfileChange, at: string): Member {
  if (Date.parse(at) < Date.parse(member.profileAt)) return member;
  const changes = Object.entries(told).filter(
    ([field, value]) => value !== undefined && (member.profile[field as keyof Profile] ?? null) !== value,
  );
  if (changes.length === 0) return member;
  const merged = Object.entries({ ...member.profile, ...Object.fromEntries(changes) }).filter(
    ([, value]) => value !== null,
  );
  return { ...member, profile: Object.fromEntries(merged), profileAt: at };
}
