import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type AttributeValue,
  BatchGetItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { dayIn } from '../loyalty/calendar.ts';
import type { Consents } from '../loyalty/consents.ts';
import type { Identity, Profile } from '../loyalty/facts.ts';
import { type Likeness, likeness, normalizedName } from '../loyalty/names.ts';
import { anniversaryOf } from '../loyalty/occasions.ts';
import { shardOf } from './items.ts';
import type { Beside } from './journal.ts';
import { type MergedMember, parted, united } from './one-person.ts';
import { isOvertaken } from './overtaken.ts';

/** All that is personal, and all of it: the ledger knows ids only. Erasing this erases the person. */
export interface Member {
  readonly memberId: string;
  readonly identities: readonly Identity[];
  readonly profile: Profile;
  readonly consents: Consents;
  /** What staff or a segment gave the member; rules may ask for them. Sorted; absent: nothing. */
  readonly tags?: readonly string[];
  /** Members that turned out to be this one. */
  readonly absorbed?: readonly string[];
  readonly enrolledAt: string;
  /** Who enrolled the member. */
  readonly source: string;
  /** When the profile was last told; what was told earlier and comes later changes nothing. */
  readonly profileAt: string;
  /** How often the row was written. */
  readonly version: number;
}

export interface NewMember {
  readonly identities: readonly Identity[];
  readonly profile: Profile;
  readonly consents: Member['consents'];
  readonly source: string;
  readonly at: string;
}

/** `disagree`: the identities belong to different members, or one of them to somebody else. `types` says which, never their values. */
export type Enrolment =
  | { readonly kind: 'enrolled' | 'known'; readonly member: Member }
  | { readonly kind: 'disagree'; readonly types: readonly string[] };

export type Changed =
  | { readonly kind: 'changed'; readonly member: Member; readonly before: Member }
  | { readonly kind: 'same'; readonly member: Member }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'disagree'; readonly types: readonly string[] };

/** Somebody of the same name: perhaps the same person, which only staff can say. */
export interface Match extends Likeness {
  readonly member: Member;
}

/** In the order in which they are checked. */
export type MergeRefusal = 'unknown-member' | 'merged-elsewhere' | 'too-many-identities';

/** What lies beside a member's profile: notes, what was said in a dispute. */
export interface BesideProfile {
  readonly sk: string;
  readonly [field: string]: unknown;
}

/** So many identities of one member; more is a fault at a source. */
const IDENTITIES_MAX = 20;

/** Of a name that very many share, it proves nothing. */
const NAMESAKES_MAX = 50;

const ATTEMPTS = 8;

/** As many as DynamoDB reads in one call. */
const BATCH_GET_MAX = 100;

export type Members = ReturnType<typeof openMembers>;

/**
 * The Members table: one row a member, one row for each identity, which makes it belong to one member only, and one by
 * which namesakes are found. They are written in one transaction. Whatever else is personal lies under the member's own
 * `M#…` with another sort key: it is exported with the profile, and erased with it.
 */
export function openMembers({
  client,
  table,
  timeZone,
  newId = newMemberId,
}: {
  client: DynamoDBClient;
  table: string;
  /** The merchant's, in which somebody joined on a day. */
  timeZone: string;
  /** For those who must have the same members every time. */
  newId?: () => string;
}) {
  const memberKey = (memberId: string) => ({ pk: { S: `M#${memberId}` }, sk: { S: 'P' } });
  const nameKey = (name: string, memberId: string) => ({ pk: { S: `N#${name}` }, sk: { S: memberId } });
  const identityKey = ({ type, value }: Identity) => ({ pk: { S: `I#${type}:${value}` }, sk: { S: 'I' } });

  async function read(Key: Record<string, AttributeValue>): Promise<Record<string, unknown> | undefined> {
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
    return Item && unmarshall(Item);
  }

  /** As it lies there, also where it was merged into another. */
  async function rowOf(memberId: string): Promise<Member | MergedMember | undefined> {
    const row = await read(memberKey(memberId));
    if (!row) return undefined;
    const { pk: _, sk: __, birthdayDue: _b, joinedDue: _j, ...member } = row;
    return member as unknown as Member;
  }

  /** Whoever that is by now: the id of a member that was merged leads to the one it is part of. */
  async function get(memberId: string): Promise<Member | undefined> {
    let found = await rowOf(memberId);
    while (found && isMerged(found)) found = await rowOf(found.mergedInto);
    return found;
  }

  /** Our own id is taken at its word only if there is such a member. */
  async function find(identity: Identity): Promise<string | undefined> {
    if (identity.type === 'member') return (await get(identity.value))?.memberId;
    return (await read(identityKey(identity)))?.memberId as string | undefined;
  }

  const putMember = (member: Member, before?: Member): TransactWriteItem => ({
    Put: {
      TableName: table,
      Item: marshall(
        { pk: `M#${member.memberId}`, sk: 'P', ...member, ...comingRound(member) },
        { removeUndefinedValues: true },
      ),
      ...(before
        ? { ConditionExpression: 'version = :v', ExpressionAttributeValues: { ':v': { N: String(before.version) } } }
        : { ConditionExpression: 'attribute_not_exists(pk)' }),
    },
  });
  /** By which the sweeps find whose day it is; they go with the row. What was merged is found under its host. */
  const comingRound = (member: Member | MergedMember) => {
    if (isMerged(member)) return {};
    const shard = shardOf(member.memberId);
    const { birthday } = member.profile;
    return {
      joinedDue: `${anniversaryOf(dayIn(timeZone, member.enrolledAt))}#${shard}`,
      ...(birthday && { birthdayDue: `${anniversaryOf(birthday)}#${shard}` }),
    };
  };
  const claim = (identity: Identity, memberId: string): TransactWriteItem => ({
    Put: {
      TableName: table,
      Item: { ...identityKey(identity), memberId: { S: memberId } },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  });
  const handOver = (identity: Identity, from: string, to: string): TransactWriteItem => ({
    Put: {
      TableName: table,
      Item: { ...identityKey(identity), memberId: { S: to } },
      ConditionExpression: 'attribute_not_exists(pk) OR memberId = :m',
      ExpressionAttributeValues: { ':m': { S: from } },
    },
  });
  const renamed = (memberId: string, before: string | undefined, after: string | undefined): TransactWriteItem[] => {
    const [old, fresh] = [normalizedName(before), normalizedName(after)];
    if (old === fresh) return [];
    return [
      ...(old === undefined ? [] : [{ Delete: { TableName: table, Key: nameKey(old, memberId) } }]),
      ...(fresh === undefined ? [] : [{ Put: { TableName: table, Item: nameKey(fresh, memberId) } }]),
    ];
  };
  const letGo = (identity: Identity, memberId: string): TransactWriteItem => ({
    Delete: {
      TableName: table,
      Key: identityKey(identity),
      // Whoever has it now keeps it.
      ConditionExpression: 'attribute_not_exists(pk) OR memberId = :m',
      ExpressionAttributeValues: { ':m': { S: memberId } },
    },
  });

  /** `false` when somebody else was faster: read again. */
  async function written(items: TransactWriteItem[]): Promise<boolean> {
    try {
      await client.send(new TransactWriteItemsCommand({ TransactItems: items }));
      return true;
    } catch (error) {
      if (isOvertaken(error)) return false;
      throw error;
    }
  }

  /** Reads, decides and writes until nobody comes in between. */
  async function settled<Result>(attempt: () => Promise<Result | undefined>): Promise<Result> {
    for (let tries = 1; tries <= ATTEMPTS; tries += 1) {
      const result = await attempt();
      if (result !== undefined) return result;
      await wait(Math.random() * 10 * 2 ** tries);
    }
    throw new MemberBusy(`no member was written after ${ATTEMPTS} tries`);
  }

  /** Writes what `change` makes of the member; the same member means that there is nothing to write. */
  const change = (memberId: string, change: (member: Member) => Member): Promise<Changed> =>
    settled<Changed>(async () => {
      const before = await get(memberId);
      if (!before) return { kind: 'unknown' };
      const after = change(before);
      if (after === before) return { kind: 'same', member: before };
      const gained = after.identities.filter((one) => !before.identities.some((other) => isSame(one, other)));
      const lost = before.identities.filter((one) => !after.identities.some((other) => isSame(one, other)));
      const owners = await Promise.all(gained.map(find));
      const taken = gained.filter((_, index) => owners[index] !== undefined && owners[index] !== before.memberId);
      if (taken.length > 0) return { kind: 'disagree', types: taken.map(({ type }) => type) };
      const member = { ...after, version: before.version + 1 };
      const done = await written([
        putMember(member, before),
        ...gained.map((identity) => claim(identity, before.memberId)),
        ...lost.map((identity) => letGo(identity, before.memberId)),
        ...renamed(before.memberId, before.profile.name, member.profile.name),
      ]);
      return done ? { kind: 'changed', member, before } : undefined;
    });

  /** All rows under one key, page by page. */
  async function under(pk: string, limit = Number.POSITIVE_INFINITY): Promise<BesideProfile[]> {
    const found: Record<string, unknown>[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: pk } },
          ConsistentRead: true,
          ...(limit < Number.POSITIVE_INFINITY && { Limit: limit }),
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      found.push(...(page.Items ?? []).map((item) => unmarshall(item)));
      from = page.LastEvaluatedKey;
    } while (from && found.length < limit);
    return found.map(({ pk: _, ...row }) => row as BesideProfile);
  }

  const besideProfile = async (memberId: string): Promise<BesideProfile[]> =>
    (await under(`M#${memberId}`)).filter(({ sk }) => sk !== 'P');

  async function eraseBesideProfile(memberIds: readonly string[]): Promise<void> {
    for (const memberId of memberIds)
      for (const { sk } of await besideProfile(memberId))
        await client.send(
          new DeleteItemCommand({ TableName: table, Key: { pk: { S: `M#${memberId}` }, sk: { S: sk } } }),
        );
  }

  const beside = (items: readonly TransactWriteItem[]): Beside[] => items.map((item) => ({ name: 'member', item }));

  /** A new member, and all that has to be written for it at once: it is one when these are there. */
  function begun({ identities: told, profile, consents, source, at }: NewMember) {
    const identities = distinct(told).filter(({ type }) => type !== 'member');
    const member: Member = {
      identities,
      profile,
      consents,
      source,
      enrolledAt: at,
      profileAt: at,
      version: 1,
      memberId: newId(),
    };
    const claims = identities.map((identity) => claim(identity, member.memberId));
    return { member, items: [putMember(member), ...claims, ...renamed(member.memberId, undefined, profile.name)] };
  }

  /** Whose each identity is, as far as it is anybody's: a hundred to a call. */
  async function findEach(identities: readonly Identity[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    let wanted = [...new Map(identities.map((one) => [textOf(one), identityKey(one)])).values()];
    for (let tries = 1; wanted.length > 0; tries += 1) {
      const [now, later] = [wanted.slice(0, BATCH_GET_MAX), wanted.slice(BATCH_GET_MAX)];
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetItemCommand({ RequestItems: { [table]: { Keys: now, ConsistentRead: true } } }),
      );
      for (const { pk, memberId } of Responses?.[table] ?? [])
        if (pk?.S && memberId?.S) found.set(pk.S.slice('I#'.length), memberId.S);
      const left = (UnprocessedKeys?.[table]?.Keys ?? []) as typeof wanted;
      if (left.length > 0) await wait(Math.random() * Math.min(1_000, 10 * 2 ** tries));
      wanted = [...left, ...later];
    }
    return found;
  }

  /** Those of them that are members by themselves: neither erased nor merged. */
  async function getEach(memberIds: readonly string[]): Promise<Map<string, Member>> {
    const found = new Map<string, Member>();
    let wanted = [...new Set(memberIds)].map(memberKey);
    for (let tries = 1; wanted.length > 0; tries += 1) {
      const [now, later] = [wanted.slice(0, BATCH_GET_MAX), wanted.slice(BATCH_GET_MAX)];
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetItemCommand({ RequestItems: { [table]: { Keys: now } } }),
      );
      for (const item of Responses?.[table] ?? []) {
        const { pk: _, sk: __, ...row } = unmarshall(item);
        const member = row as unknown as Member | MergedMember;
        if (!isMerged(member)) found.set(member.memberId, member);
      }
      const left = (UnprocessedKeys?.[table]?.Keys ?? []) as typeof wanted;
      if (left.length > 0) await wait(Math.random() * Math.min(1_000, 10 * 2 ** tries));
      wanted = [...left, ...later];
    }
    return found;
  }

  return {
    get,
    getEach,
    find,
    findEach,
    begun,
    change,

    /** The first of the identities that belongs to somebody. They are told best first. */
    async findAny(identities: readonly Identity[]): Promise<string | undefined> {
      for (const identity of identities) {
        const memberId = await find(identity);
        if (memberId !== undefined) return memberId;
      }
      return undefined;
    },

    /**
     * Makes a member, or finds the one that there is: run twice, or by two at once, it ends in one member. A known member
     * gains the identities that were not known yet, since the source says that they are the same person's.
     */
    enrol({ identities: told, ...wanted }: NewMember): Promise<Enrolment> {
      // Our own id leads to a member, and is none of its names.
      const identities = distinct(told).filter(({ type }) => type !== 'member');
      // Identities are read one by one: while two members become one, they seem to be of two. A second look tells.
      let seen = '';
      return settled<Enrolment>(async () => {
        const owners = await Promise.all(told.map(find));
        const [memberId, another] = new Set(owners.filter((owner) => owner !== undefined));
        const isNew = seen !== owners.join();
        seen = owners.join();
        if (another !== undefined && isNew) return undefined;
        if (another !== undefined || (memberId === undefined && identities.length === 0)) {
          const concerned = told.filter((_, index) => another === undefined || owners[index] !== undefined);
          return { kind: 'disagree', types: concerned.map(({ type }) => type) };
        }
        if (memberId !== undefined) {
          const known = await change(memberId, (member) => linked(member, identities));
          if (known.kind === 'unknown') return undefined; // erased this moment: its identities are free
          if (known.kind === 'disagree') return isNew ? undefined : known;
          return { kind: 'known', member: known.member };
        }
        const { member, items } = begun({ identities, ...wanted });
        const done = await written(items);
        return done ? { kind: 'enrolled', member } : undefined;
      });
    },

    /** What lies beside the profile of a member, and of those that were merged into it. */
    async notes(member: Member): Promise<(BesideProfile & { readonly memberId: string })[]> {
      const ids = [member.memberId, ...(member.absorbed ?? [])];
      const lists = await Promise.all(
        ids.map(async (memberId) => (await besideProfile(memberId)).map((row) => ({ ...row, memberId }))),
      );
      return lists.flat();
    },

    /** The rows of those that were merged into it, as they were. */
    async mergedInto(member: Member): Promise<MergedMember[]> {
      const rows = await Promise.all((member.absorbed ?? []).map(rowOf));
      return rows.filter((row) => row !== undefined).filter(isMerged);
    },

    /** Others of the same name, the likeliest first. */
    async matches(member: Member): Promise<Match[]> {
      const name = normalizedName(member.profile.name);
      if (name === undefined) return [];
      const rows = await under(`N#${name}`, NAMESAKES_MAX);
      const others = await Promise.all(rows.filter(({ sk }) => sk !== member.memberId).map(({ sk }) => rowOf(sk)));
      return others
        .flatMap((other) => {
          const like = other && !isMerged(other) ? likeness(member, other) : undefined;
          return other && like ? [{ member: other, ...like }] : [];
        })
        .sort((a, b) => b.score - a.score || a.member.memberId.localeCompare(b.member.memberId));
    },

    /**
     * Removes all rows of the member, of those that were merged into it, and of `others` that may be left of them from an
     * erasure that broke off. Tells what the member was known by. Again, it does nothing.
     */
    async erase(memberId: string, others: readonly string[] = []): Promise<Member | undefined> {
      const now = await get(memberId);
      const concerned = [...new Set([memberId, ...others, ...(now ? [now.memberId, ...(now.absorbed ?? [])] : [])])];
      // First what only the profile leads to, so that whoever takes this up again still finds it; and once more, for
      // what somebody noted meanwhile.
      await eraseBesideProfile(concerned);
      const { member } = await settled(async () => {
        const member = await get(memberId);
        if (!member) return { member: undefined };
        const done = await written([
          {
            Delete: {
              TableName: table,
              Key: memberKey(member.memberId),
              ConditionExpression: 'version = :v',
              ExpressionAttributeValues: { ':v': { N: String(member.version) } },
            },
          },
          ...(member.absorbed ?? []).map((id) => ({ Delete: { TableName: table, Key: memberKey(id) } })),
          ...member.identities.map((identity) => letGo(identity, member.memberId)),
          ...renamed(member.memberId, member.profile.name, undefined),
        ]);
        return done ? { member } : undefined;
      });
      await eraseBesideProfile(concerned);
      return member;
    },

    /** What makes the guest a part of the host, to be written beside the entries that do the same to their accounts. */
    async merging(hostId: string, guestId: string): Promise<readonly Beside[] | MergeRefusal> {
      const [host, guest] = await Promise.all([rowOf(hostId), rowOf(guestId)]);
      if (!host || !guest) return 'unknown-member';
      if (isMerged(host) || isMerged(guest)) return 'merged-elsewhere';
      if (host.identities.length + guest.identities.length > IDENTITIES_MAX) return 'too-many-identities';
      const both = united(host, guest);
      return beside([
        putMember(both.host, host),
        putMember(both.guest, guest),
        ...guest.identities.map((identity) => handOver(identity, guestId, hostId)),
        ...renamed(guestId, guest.profile.name, undefined),
        ...renamed(hostId, host.profile.name, both.host.profile.name),
      ]);
    },

    /** What makes two of them again. */
    async parting(hostId: string, guestId: string): Promise<readonly Beside[] | MergeRefusal> {
      const [host, guest] = await Promise.all([rowOf(hostId), rowOf(guestId)]);
      if (!host || !guest) return 'unknown-member';
      if (isMerged(host) || !isMerged(guest) || guest.mergedInto !== hostId) return 'merged-elsewhere';
      const owners = await Promise.all(guest.identities.map(find));
      const returning = guest.identities.filter((_, at) => owners[at] === undefined || owners[at] === hostId);
      const both = parted(host, guest, returning);
      return beside([
        putMember(both.host, host),
        putMember(both.guest, guest),
        ...returning.map((identity) => handOver(identity, hostId, guestId)),
        ...renamed(hostId, host.profile.name, both.host.profile.name),
        ...renamed(guestId, undefined, both.guest.profile.name),
      ]);
    },
  };
}

/** Too many changed the same member at once. Nothing was written; try again. */
export class MemberBusy extends Error {
  override readonly name = 'MemberBusy';
}

const isMerged = (row: Member | MergedMember): row is MergedMember => 'mergedInto' in row;

/** One text for one identity. */
export const textOf = ({ type, value }: Identity): string => `${type}:${value}`;

const isSame = (a: Identity, b: Identity): boolean => a.type === b.type && a.value === b.value;

/** Told twice, or in two ways of writing, it is one. */
const distinct = (identities: readonly Identity[]): Identity[] =>
  identities.filter((one, index) => index === identities.findIndex((other) => isSame(one, other)));

/** The same member where nothing is new. */
export function linked(member: Member, identities: readonly Identity[]): Member {
  const fresh = distinct(identities).filter((one) => !member.identities.some((other) => isSame(one, other)));
  const room = IDENTITIES_MAX - member.identities.length;
  return fresh.length === 0 || room <= 0
    ? member
    : { ...member, identities: [...member.identities, ...fresh.slice(0, room)] };
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** 100 random bits in letters that are not mistaken for one another when read out. */
const newMemberId = (): string => `m_${Array.from(randomBytes(20), (byte) => ALPHABET[byte % 32]).join('')}`;
