import { activityKey } from '../loyalty/accrue.ts';
import { Purpose } from '../loyalty/channels.ts';
import {
  type AskedConsents,
  type ConsentByEnrolling,
  type Consents,
  consentsOf,
  everyConsent,
  newestOf,
  type OneConsent,
  over,
} from '../loyalty/consents.ts';
import { keyOf } from '../loyalty/entry.ts';
import type { Activity, Identity, Profile } from '../loyalty/facts.ts';
import { onceInALifetime } from '../loyalty/own-activities.ts';
import type { FactsQueue } from './facts-queue.ts';
import type { Ledger } from './ledger.ts';
import { type Changed, type Enrolment, linked, type Member, type Members } from './members.ts';
import { forIdentity, type WaitingRoom } from './waiting-room.ts';

export interface EnrolmentParts {
  readonly members: Members;
  readonly ledger: Pick<Ledger, 'note' | 'entry' | 'account'>;
  readonly waitingRoom: WaitingRoom;
  readonly facts: FactsQueue;
  /** What a new member says yes to by enrolling. */
  readonly consentAtEnrolment: readonly ConsentByEnrolling[];
  /** Whether the program may give something for that; absent: for nothing. */
  readonly mayEarn?: (activity: Activity) => boolean;
}

/** Who tells it, and when it happened. */
export interface Told {
  readonly source: string;
  readonly at: string;
}

/** What is said of a member's profile: absent is not told, `null` is taken away. */
export type ProfileChange = { readonly [Field in keyof Profile]?: Profile[Field] | null };

/** Tag → given or taken away; the others stay. */
export type TagChange = Readonly<Record<string, boolean>>;

export const TAGS_MAX = 50;

/**
 * Members and the ledger together. Every step may be the last before a crash: the next call with the same identities
 * finds what is there and does the rest.
 */
export function openEnrolment({
  members,
  ledger,
  waitingRoom,
  facts,
  consentAtEnrolment,
  mayEarn = () => false,
}: EnrolmentParts) {
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
    const { memberId, source, enrolledAt: at } = member;
    // Told before it is noted: whoever finds no note tells it again, and the ledger books it once.
    if (mayEarn('registration') && !(await ledger.entry(memberId, keyOf('member', 'self', 'enrolled'))))
      await facts.tell([onceInALifetime('registration', memberId, at)]);
    await noteOnce(memberId, { kind: 'enrolled' }, { source, at, object: 'self' });
    await noteConsents(memberId, everyConsent(member.consents));
  }

  /** What was said of a whole channel is one entry, also when one of its purposes has changed since. */
  async function noteConsents(memberId: string, consents: readonly OneConsent[]): Promise<void> {
    const words = Map.groupBy(consents, ({ channel, at, source, granted }) =>
      JSON.stringify([channel, at, source, granted]),
    );
    for (const said of words.values()) {
      const [first] = said;
      if (!first) continue;
      const { channel, purpose, at, source, granted } = first;
      const whole = keyOf(source, `${channel}@${at}`, 'consent');
      if (said.length === Purpose.options.length)
        await noteOnce(memberId, { kind: 'consent', channel, granted }, { source, at, object: `${channel}@${at}` });
      else if (!(await ledger.entry(memberId, whole)))
        await noteOnce(
          memberId,
          { kind: 'consent', channel, purpose, granted },
          { source, at, object: `${channel}.${purpose}@${at}` },
        );
    }
  }

  /** Whenever the profile is whole and nothing was booked for it: the one that made it so may not have come so far. */
  async function tellIfComplete(member: Member): Promise<void> {
    if (!mayEarn('profile-completed') || !isComplete(member)) return;
    const fact = onceInALifetime('profile-completed', member.memberId, member.profileAt);
    if (!(await ledger.entry(member.memberId, activityKey(fact)))) await facts.tell([fact]);
  }

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
    const { memberId: id } = 'member' in changed ? changed.member : { memberId };
    if (
      changed.kind === 'changed' &&
      (changed.member.profile !== changed.before.profile || changed.member.tags !== changed.before.tags)
    )
      await ledger.note(id, { kind: 'updated' }, { ...told, object: `v${changed.member.version}` });
    if ('member' in changed) {
      // Also those that were written before a crash, and not noted.
      const ofThis = everyConsent(changed.member.consents).filter(
        ({ at, source }) => at === told.at && source === told.source,
      );
      await noteConsents(id, ofThis);
      await tellIfComplete(changed.member);
    }
    return changed;
  }

  return {
    /** Enrols, or finds and completes. `consents` are those that were asked for in so many words. */
    async enrol(
      identities: readonly Identity[],
      { profile, consents, proof }: { profile: Profile; consents: AskedConsents; proof: string },
      told: Told,
    ): Promise<Enrolment> {
      const asked = consentsOf(consents, { ...told, proof });
      const byEnrolling = consentsOf(
        Object.fromEntries(
          consentAtEnrolment.map((one) =>
            typeof one === 'string' ? [one, true] : [one.channel, { [one.purpose]: true }],
          ),
        ),
        { ...told, proof: 'enrolment' },
      );
      const enrolment = await members.enrol({
        identities,
        profile,
        consents: over(byEnrolling, everyConsent(asked)),
        ...told,
      });
      if (enrolment.kind === 'disagree') return enrolment;
      await noteAll(enrolment.member);
      let { member } = enrolment;
      if (enrolment.kind === 'known') {
        const changed = await applied(member.memberId, told, (one) =>
          withConsents(withProfile(one, profile, told.at), asked),
        );
        if ('member' in changed) member = changed.member;
      } else await tellIfComplete(member);
      await release(member.identities);
      return { kind: enrolment.kind, member };
    },

    /** Changes a member that is known. Identities of the types in `replaces` give way to those told. */
    async change(
      memberId: string,
      wanted: {
        readonly profile?: ProfileChange;
        readonly consents?: AskedConsents;
        readonly proof?: string;
        readonly tags?: TagChange;
        readonly identities?: readonly Identity[];
        readonly replaces?: readonly string[];
      },
      told: Told,
    ): Promise<Changed> {
      const { profile = {}, consents = {}, proof = '', tags = {}, identities = [], replaces = [] } = wanted;
      const changed = await applied(memberId, told, (member) => {
        const kept = member.identities.filter(
          (one) =>
            !replaces.includes(one.type) ||
            identities.some((other) => other.type === one.type && other.value === one.value),
        );
        const narrowed = kept.length === member.identities.length ? member : { ...member, identities: kept };
        return withTags(
          withConsents(
            withProfile(linked(narrowed, identities), profile, told.at),
            consentsOf(consents, { ...told, proof }),
          ),
          tags,
        );
      });
      if ('member' in changed && identities.length > 0) await release(identities);
      return changed;
    },

    /** Forgets the person: what is left are entries under an id that leads nowhere. `false` when there never was one. */
    async erase(memberId: string, told: Told): Promise<boolean> {
      const account = await ledger.account(memberId);
      const erased = await members.erase(memberId, account?.absorbed);
      // Without a row there may still be an erasure that was begun, and lacks its note.
      if (!erased && account === undefined) return false;
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

/** Enough to greet somebody by name, on the day, and to reach them. */
export const isComplete = ({ profile, identities }: Pick<Member, 'profile' | 'identities'>): boolean =>
  profile.name !== undefined &&
  profile.birthday !== undefined &&
  identities.some(({ type }) => type === 'email' || type === 'phone');

export const withConsents = (member: Member, told: Consents): Member => {
  const consents = newestOf(member.consents, told);
  return consents === member.consents ? member : { ...member, consents };
};

/** The same member where nothing changes. */
export function withTags(member: Member, change: TagChange): Member {
  const before = member.tags ?? [];
  const kept = before.filter((tag) => change[tag] !== false);
  const fresh = Object.keys(change).filter((tag) => change[tag] && !before.includes(tag));
  if (fresh.length === 0 && kept.length === before.length) return member;
  const { tags: _, ...rest } = member;
  const tags = [...kept, ...fresh].sort();
  return { ...rest, ...(tags.length > 0 && { tags }) };
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
