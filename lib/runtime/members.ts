import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Channel, Identity, Profile } from '../loyalty/facts.ts';

/** A yes or a no, with its proof: who asks later must be able to see when and how it was given. */
export interface Consent {
  readonly granted: boolean;
  readonly at: string;
  readonly source: string;
  readonly proof: string;
}

/** All that is personal, and all of it: the ledger knows ids only. Erasing this erases the person. */
export interface Member {
  readonly memberId: string;
  readonly identities: readonly Identity[];
  readonly profile: Profile;
  readonly consents: Readonly<Partial<Record<Channel, Consent>>>;
  /** What staff or a segment gave the member; rules may ask for them. */
  readonly tags?: readonly string[];
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

/** So many identities of one member; more is a fault at a source. */
const IDENTITIES_MAX = 20;

const ATTEMPTS = 8;

export type Members = ReturnType<typeof openMembers>;

/**
 * The Members table: one row a member, and one row for each identity, which makes it belong to one member only.
 * A member and its identities are written in one transaction.
 */
export function openMembers({ client, table }: { client: DynamoDBClient; table: string }) {
  const memberKey = (memberId: string) => ({ pk: { S: `M#${memberId}` }, sk: { S: 'P' } });
  const identityKey = ({ type, value }: Identity) => ({ pk: { S: `I#${type}:${value}` }, sk: { S: 'I' } });

  async function read(Key: Record<string, AttributeValue>): Promise<Record<string, unknown> | undefined> {
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
    return Item && unmarshall(Item);
  }

  async function get(memberId: string): Promise<Member | undefined> {
    const row = await read(memberKey(memberId));
    if (!row) return undefined;
    const { pk: _, sk: __, ...member } = row;
    return member as unknown as Member;
  }

  /** Our own id is taken at its word only if there is such a member. */
  async function find(identity: Identity): Promise<string | undefined> {
    if (identity.type === 'member') return (await read(memberKey(identity.value))) && identity.value;
    return (await read(identityKey(identity)))?.memberId as string | undefined;
  }

  const putMember = (member: Member, before?: Member): TransactWriteItem => ({
    Put: {
      TableName: table,
      Item: marshall({ pk: `M#${member.memberId}`, sk: 'P', ...member }, { removeUndefinedValues: true }),
      ...(before
        ? { ConditionExpression: 'version = :v', ExpressionAttributeValues: { ':v': { N: String(before.version) } } }
        : { ConditionExpression: 'attribute_not_exists(pk)' }),
    },
  });
  const claim = (identity: Identity, memberId: string): TransactWriteItem => ({
    Put: {
      TableName: table,
      Item: { ...identityKey(identity), memberId: { S: memberId } },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  });
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
      const taken = gained.filter((_, index) => owners[index] !== undefined && owners[index] !== memberId);
      if (taken.length > 0) return { kind: 'disagree', types: taken.map(({ type }) => type) };
      const member = { ...after, version: before.version + 1 };
      const done = await written([
        putMember(member, before),
        ...gained.map((identity) => claim(identity, memberId)),
        ...lost.map((identity) => letGo(identity, memberId)),
      ]);
      return done ? { kind: 'changed', member, before } : undefined;
    });

  return {
    get,
    find,
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
      return settled<Enrolment>(async () => {
        const owners = await Promise.all(told.map(find));
        const [memberId, another] = new Set(owners.filter((owner) => owner !== undefined));
        if (another !== undefined || (memberId === undefined && identities.length === 0)) {
          const concerned = told.filter((_, index) => another === undefined || owners[index] !== undefined);
          return { kind: 'disagree', types: concerned.map(({ type }) => type) };
        }
        if (memberId !== undefined) {
          const known = await change(memberId, (member) => linked(member, identities));
          if (known.kind === 'unknown') return undefined; // erased this moment: its identities are free
          return known.kind === 'disagree' ? known : { kind: 'known', member: known.member };
        }
        const { profile, consents, source, at } = wanted;
        const member = {
          identities,
          profile,
          consents,
          source,
          enrolledAt: at,
          profileAt: at,
          version: 1,
          memberId: newMemberId(),
        };
        const done = await written([
          putMember(member),
          ...identities.map((identity) => claim(identity, member.memberId)),
        ]);
        return done ? { kind: 'enrolled', member } : undefined;
      });
    },

    /** Removes all rows of the member, and tells what the member was known by. Again, it does nothing. */
    async erase(memberId: string): Promise<Member | undefined> {
      return settled(async () => {
        const member = await get(memberId);
        if (!member) return { member: undefined };
        const done = await written([
          {
            Delete: {
              TableName: table,
              Key: memberKey(memberId),
              ConditionExpression: 'version = :v',
              ExpressionAttributeValues: { ':v': { N: String(member.version) } },
            },
          },
          ...member.identities.map((identity) => letGo(identity, memberId)),
        ]);
        return done ? { member } : undefined;
      }).then(({ member }) => member);
    },
  };
}

/** Too many changed the same member at once. Nothing was written; try again. */
export class MemberBusy extends Error {
  override readonly name = 'MemberBusy';
}

/** A condition that no longer holds, or transactions that met: somebody else was there. */
function isOvertaken(error: unknown): boolean {
  if (error instanceof TransactionCanceledException) {
    return (error.CancellationReasons ?? []).every(({ Code = 'None' }) => PASSING.has(Code));
  }
  return error instanceof Error && PASSING.has(error.name);
}

const PASSING = new Set([
  'None',
  'ConditionalCheckFailed',
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'TransactionConflictException',
  'TransactionInProgressException',
]);

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
