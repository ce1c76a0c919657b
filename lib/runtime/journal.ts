import { setTimeout as wait } from 'node:timers/promises';
import {
  type AttributeValue,
  type CancellationReason,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type Account, type Day, journalsOf } from '../loyalty/account.ts';
import { dayIn } from '../loyalty/calendar.ts';
import type { Detail } from '../loyalty/detail.ts';
import { append, type Draft, type Entry, newAccount, reachOf } from '../loyalty/entry.ts';
import { watchFrom } from '../loyalty/inactivity.ts';
import type { Program } from '../loyalty/program.ts';
import type { Situation } from '../loyalty/situation.ts';
import {
  fromAccountItem,
  fromEntryItem,
  type Item,
  shardOf,
  toAccountItem,
  toEntryItem,
  watchedFrom,
} from './items.ts';
import { isOvertaken } from './overtaken.ts';

/**
 * What came of a command. `posted`: now. `replayed`: before, and this is what was answered then. `conflict`: before,
 * with other content. `refused`: a rule says no; with an entry when the refusal itself is on record.
 */
export type Outcome =
  | { readonly kind: 'posted'; readonly entry: Entry }
  | { readonly kind: 'replayed'; readonly entry: Entry }
  | { readonly kind: 'conflict'; readonly entry: Entry; readonly differences: readonly string[] }
  | { readonly kind: 'refused'; readonly because: string; readonly entry?: Entry };

/** Something that must be written with an entry or not at all: a piece of stock, a code. `name` says what was in the way. */
export interface Beside {
  readonly name: string;
  readonly item: TransactWriteItem;
}

/** A draft, with what goes beside it; or the outcome, where there is nothing to post. */
export type Decision = Draft | Outcome | { readonly draft: Draft; readonly beside: readonly Beside[] };

/** `missing`: what stood beside the last try and could not be had; the decision is made again without it. */
export type Decide = (
  account: Account,
  situation: Situation,
  missing: ReadonlySet<string>,
) => Decision | Promise<Decision>;

/** A draft for each, or for the first of them only. */
export type PairDecision =
  | readonly [Draft, Draft]
  | readonly [Draft]
  | Outcome
  | { readonly drafts: readonly [Draft, Draft]; readonly beside: readonly Beside[] };

export interface JournalOptions {
  readonly client: DynamoDBClient;
  readonly tables: { readonly accounts: string; readonly entries: string };
  readonly program: Program;
  /** Of the program; stands in each entry that it decides. */
  readonly version: string;
  readonly now: () => Date;
  readonly random?: () => number;
}

/** Too many others wrote to the same account at once, or the table is throttled. Nothing was posted; try again. */
export class LedgerBusy extends Error {
  override readonly name = 'LedgerBusy';
}

export type Journal = ReturnType<typeof openJournal>;

// Somebody always gets through, so a loser of many rounds is only unlucky; full jitter makes long streaks rare.
const ATTEMPTS = 64;
const BACKOFF_MS = { base: 4, max: 250 };

/** Accounts and their entries. Every posting is one transaction of two items: the account and one entry. */
export function openJournal(options: JournalOptions) {
  const { client, tables, program, version, now, random = Math.random } = options;
  const situation = (): Situation => ({ program, now: now() });
  const firstTier = program.tiers[0]?.id ?? '';

  async function account(memberId: string): Promise<Account | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: tables.accounts, Key: { memberId: { S: memberId } }, ConsistentRead: true }),
    );
    return Item && fromAccountItem(Item);
  }

  /** As it is, or as it is before its first entry. */
  const standing = async (memberId: string): Promise<Account> =>
    (await account(memberId)) ?? newAccount(memberId, firstTier);

  async function entry(memberId: string, key: string): Promise<Entry | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({
        TableName: tables.entries,
        Key: { memberId: { S: memberId }, key: { S: key } },
        ConsistentRead: true,
      }),
    );
    return Item && fromEntryItem(Item);
  }

  /** Entries whose key begins so, in the order in which they were posted. Without a prefix: the member's whole journal. */
  async function entries(memberId: string, prefix = 'E#'): Promise<Entry[]> {
    const found: Entry[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: tables.entries,
          KeyConditionExpression: 'memberId = :m AND begins_with(#key, :p)',
          ExpressionAttributeNames: { '#key': 'key' },
          ExpressionAttributeValues: { ':m': { S: memberId }, ':p': { S: prefix } },
          ConsistentRead: true,
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      found.push(...(page.Items ?? []).map(fromEntryItem));
      from = page.LastEvaluatedKey;
    } while (from);
    return found.sort((a, b) => a.seq - b.seq);
  }

  /** Also those in the journals of accounts that went into this one. */
  async function entriesOf(account: Account, prefix: string): Promise<Entry[]> {
    const lists = await Promise.all(journalsOf(account).map((one) => entries(one, prefix)));
    return lists.flat();
  }

  const stamp = (at: Situation) => ({ recordedAt: at.now.toISOString(), program: version });

  /**
   * Decides on the newest account and posts; decides again whenever somebody was faster. `decide` may read entries of
   * the member: it always runs after the account was read, so whatever changes them fails the account's condition.
   * An account that went into another one is answered for by that one.
   */
  async function post(memberId: string, decide: Decide): Promise<Outcome> {
    let current = await home(memberId);
    let missing: ReadonlySet<string> = new Set();
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const at = situation();
      const decision = await decide(current, at, missing);
      if ('kind' in decision) return decision;
      const { draft, beside } = 'draft' in decision ? decision : { draft: decision, beside: [] };
      const before = await entryElsewhere(current, draft.key);
      if (before) return replay(before, draft.fingerprint);
      const next = append(current, draft, stamp(at));
      const refusal = await write([{ before: current, ...next }], beside);
      if (!refusal) return booked(next.entry);
      // Both may be there: the entry is the answer then, whatever else the account did meanwhile.
      if (refusal.entry) return replay(refusal.entry, draft.fingerprint);
      missing = refusal.missing;
      // The first losers try again at once with what they were shown; after that everybody steps aside for a moment.
      const shown = refusal.account !== undefined || missing.size > 0;
      if (!shown || attempt > 2) await pause(attempt);
      current = refusal.account ?? (await standing(current.memberId));
      if (current.mergedInto) current = await home(current.memberId);
    }
    throw new LedgerBusy(`no posting after ${ATTEMPTS} tries`);
  }

  /**
   * Two accounts at once, or neither: one transaction of four items. Answers with the first one's entry. A single draft is
   * the first one's alone: a refusal that only its asker has to remember.
   */
  async function postPair(
    memberIds: readonly [string, string],
    decide: (accounts: readonly [Account, Account], situation: Situation) => PairDecision | Promise<PairDecision>,
  ): Promise<Outcome> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const accounts = (await Promise.all(memberIds.map(standing))) as unknown as readonly [Account, Account];
      const at = situation();
      const decision = await decide(accounts, at);
      if ('kind' in decision) return decision;
      const { drafts, beside } = 'drafts' in decision ? decision : { drafts: decision, beside: [] };
      const first = append(accounts[0], drafts[0], stamp(at));
      const second = drafts[1] && append(accounts[1], drafts[1], stamp(at));
      const refusal = await write(
        [{ before: accounts[0], ...first }, ...(second ? [{ before: accounts[1], ...second }] : [])],
        beside,
      );
      if (!refusal) return booked(first.entry);
      if (refusal.entry) {
        const there = (await entry(memberIds[0], drafts[0].key)) ?? refusal.entry;
        return replay(there, drafts[0].fingerprint);
      }
      await pause(attempt);
    }
    throw new LedgerBusy(`no posting after ${ATTEMPTS} tries`);
  }

  /**
   * Several entries of one account in one transaction, each decided on what the one before leaves: for those who bring
   * many at once. One try; `undefined` when anything was in the way. Nothing was posted then, and `post` sorts it out.
   */
  async function postTogether(
    before: Account,
    decides: readonly ((account: Account, situation: Situation) => Draft)[],
    beside: readonly TransactWriteItem[] = [],
  ): Promise<readonly Entry[] | undefined> {
    const at = situation();
    const posted: Entry[] = [];
    let account = before;
    for (const decide of decides) {
      const next = append(account, decide(account, at), stamp(at));
      posted.push(next.entry);
      account = next.account;
    }
    const newest = posted.at(-1);
    if (!newest) return [];
    // One transaction cannot name an item twice.
    if (new Set(posted.map(({ key }) => key)).size < posted.length) return undefined;
    try {
      await client.send(
        new TransactWriteItemsCommand({
          ClientRequestToken: newest.hash.slice(0, 36),
          TransactItems: [putAccount(before, account, newest), ...posted.map(putEntry), ...beside],
        }),
      );
      return posted;
    } catch (error) {
      const reasons = error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []) : [];
      if (reasons.some(({ Code }) => Code && PASSING.includes(Code)) || isOvertaken(error)) return undefined;
      throw error;
    }
  }

  const pause = (attempt: number) => wait(random() * Math.min(BACKOFF_MS.max, BACKOFF_MS.base * 2 ** attempt));

  /** The account that answers for this one. */
  async function home(memberId: string): Promise<Account> {
    let found = await standing(memberId);
    // An account may be absorbed by one that was absorbed itself; a ring cannot come about, since what is merged is not merged into.
    while (found.mergedInto) found = await standing(found.mergedInto);
    return found;
  }

  /** What was booked to an account that went into this one, or that this one was a part of, is not booked again here. */
  async function entryElsewhere(account: Account, key: string): Promise<Entry | undefined> {
    const reach = reachOf(key);
    if (reach === 'account') return undefined;
    const { absorbed = [], formerly = [] } = account;
    for (const memberId of reach === 'person' ? absorbed : [...absorbed, ...formerly]) {
      const found = await entry(memberId, key);
      if (found) return found;
    }
    return undefined;
  }

  /** The entry under that key, in whichever journal it stands that concerns the account. */
  const entryOf = async (account: Account, key: string): Promise<Entry | undefined> =>
    (await entry(account.memberId, key)) ?? entryElsewhere(account, key);

  interface Step {
    readonly before: Account;
    readonly account: Account;
    readonly entry: Entry;
  }

  /** `undefined` when written; else what was in the way. */
  async function write(steps: readonly Step[], beside: readonly Beside[] = []): Promise<InTheWay | undefined> {
    try {
      await client.send(
        new TransactWriteItemsCommand({
          // Same posting, same token, same bytes: the SDK's own retry after a lost reply finds it done. 36 characters at most.
          ClientRequestToken: steps[0]?.entry.hash.slice(0, 36),
          TransactItems: [...steps.flatMap(puts), ...beside.map(({ item }) => item)],
        }),
      );
      return undefined;
    } catch (error) {
      if (error instanceof TransactionCanceledException)
        return inTheWay(error.CancellationReasons ?? [], steps.length, beside, error);
      // The SDK retries none of these.
      if (isOvertaken(error)) {
        return { missing: new Set() };
      }
      throw error;
    }
  }

  const puts = ({ before, account: after, entry: posted }: Step): TransactWriteItem[] => [
    putAccount(before, after, posted),
    putEntry(posted),
  ];

  function putAccount(before: Account, after: Account, newest: Pick<Entry, 'recordedAt'>): TransactWriteItem {
    const on = dayIn(program.timeZone, newest.recordedAt);
    const stands = watchedFrom(before);
    // Only the sweep moves it, so that whoever buys every day is not written to an index every day.
    const watched = after.mergedInto ? undefined : (stands ?? watchFrom(before, after, program, on));
    return {
      Put: {
        TableName: tables.accounts,
        Item: toAccountItem(after, program, on, watched),
        ...(before.seq === 0 ? { ConditionExpression: 'attribute_not_exists(memberId)' } : asRead(before)),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    };
  }

  /** The account is what was read, also where no entry says so: the sweep has not moved its day either. */
  function asRead(account: Account) {
    const stands = watchedFrom(account);
    return {
      ConditionExpression: `seq = :seq AND ${stands === undefined ? 'attribute_not_exists(inactiveDue)' : 'inactiveDue = :watched'}`,
      ExpressionAttributeValues: {
        ':seq': { N: String(account.seq) },
        ...(stands !== undefined && { ':watched': { S: `${stands}#${shardOf(account.memberId)}` } }),
      },
    };
  }

  /** Puts off the day on which somebody looks whether the member stays away; `false` when the account has moved on. */
  async function watch(current: Account, day: Day | undefined): Promise<boolean> {
    const { ConditionExpression, ExpressionAttributeValues } = asRead(current);
    try {
      await client.send(
        new UpdateItemCommand({
          TableName: tables.accounts,
          Key: { memberId: { S: current.memberId } },
          UpdateExpression: day === undefined ? 'REMOVE inactiveDue' : 'SET inactiveDue = :day',
          ConditionExpression,
          ExpressionAttributeValues: {
            ...ExpressionAttributeValues,
            ...(day !== undefined && { ':day': { S: `${day}#${shardOf(current.memberId)}` } }),
          },
        }),
      );
      return true;
    } catch (error) {
      if (!isNamed(error, 'ConditionalCheckFailedException')) throw error;
      return false;
    }
  }

  const putEntry = (posted: Entry): TransactWriteItem => ({
    Put: {
      TableName: tables.entries,
      Item: toEntryItem(posted),
      ConditionExpression: 'attribute_not_exists(memberId)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  });

  /** Beside an entry that was decided from the absence of another one: it holds when both are written, or neither is. */
  const absent = (name: string, memberId: string, key: string): Beside => ({
    name,
    item: {
      ConditionCheck: {
        TableName: tables.entries,
        Key: { memberId: { S: memberId }, key: { S: key } },
        ConditionExpression: 'attribute_not_exists(memberId)',
      },
    },
  });

  /**
   * Writes the account as it is, for the sake of its due dates: what was due turned out not to be, and whatever else was
   * is looked for under the day that stands there. Somebody else's entry has done the same.
   */
  async function rearm(current: Account): Promise<void> {
    const { Put } = putAccount(current, current, { recordedAt: now().toISOString() });
    try {
      await client.send(new PutItemCommand({ ...Put, TableName: tables.accounts, Item: Put?.Item }));
    } catch (error) {
      if (!isNamed(error, 'ConditionalCheckFailedException')) throw error;
    }
  }

  /** An entry that stands already, told apart by what was asked for it. */
  function replay(there: Entry, asked: string, differences?: readonly string[]): Outcome {
    if (there.fingerprint === asked)
      return there.detail.kind === 'refused'
        ? { kind: 'refused', because: there.detail.because, entry: there }
        : { kind: 'replayed', entry: there };
    return { kind: 'conflict', entry: there, differences: differences ?? [differenceOf(there.detail)] };
  }

  return {
    account,
    standing,
    home,
    entry,
    entries,
    entryOf,
    entriesOf,
    post,
    postPair,
    postTogether,
    rearm,
    watch,
    absent,
    replay,
    situation,
    stamp,
    program,
  };
}

/** A refusal that is on record was posted too, and answers as what it is. */
const booked = (entry: Entry): Outcome =>
  entry.detail.kind === 'refused'
    ? { kind: 'refused', because: entry.detail.because, entry }
    : { kind: 'posted', entry };

/** What stood there instead; nothing of it when it was a passing conflict, and must be read. */
interface InTheWay {
  readonly account?: Account;
  readonly entry?: Entry;
  readonly missing: ReadonlySet<string>;
}

const isNamed = (error: unknown, ...names: string[]): boolean => error instanceof Error && names.includes(error.name);

const PASSING = ['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded', 'ConditionalCheckFailed'];

/** Reads the reasons of a cancelled transaction: an account's and its entry's for each step, then what was beside them. */
function inTheWay(
  reasons: readonly CancellationReason[],
  steps: number,
  beside: readonly Beside[],
  error: Error,
): InTheWay {
  const failed = (reason: CancellationReason | undefined) => reason?.Code === 'ConditionalCheckFailed';
  const missing = new Set(beside.filter((_, index) => failed(reasons[2 * steps + index])).map(({ name }) => name));
  const entries = Array.from({ length: steps }, (_, step) => reasons[2 * step + 1]);
  const there = entries.find((reason) => failed(reason) && reason?.Item);
  if (there?.Item) return { entry: fromEntryItem(there.Item as Item), missing };
  const [ofAccount] = reasons;
  if (steps === 1 && failed(ofAccount) && ofAccount?.Item)
    return { account: fromAccountItem(ofAccount.Item as Item), missing };
  if (reasons.some(({ Code }) => Code && PASSING.includes(Code))) return { missing };
  throw error;
}

function differenceOf(detail: Detail): string {
  switch (detail.kind) {
    case 'refund':
      return `the refund was of ${detail.extent.kind === 'everything' ? 'everything' : JSON.stringify(detail.extent)}`;
    case 'authorized':
    case 'redeemed':
      return `the redemption was of ${detail.points} points${detail.rewardId ? ` for ${detail.rewardId}` : ''}`;
    case 'released':
      return `the redemption was ${detail.because}`;
    case 'activated':
    case 'declined':
      return `the points were ${detail.kind}`;
    case 'tier-granted':
      return `the grant was of ${detail.tier} through ${detail.through}`;
    case 'adjusted':
      return `the adjustment was of ${detail.points} points`;
    case 'gift-sent':
      return `the gift was of ${detail.points} points`;
    default:
      return 'the content differs';
  }
}
