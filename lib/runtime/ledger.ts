import { setTimeout as wait } from 'node:timers/promises';
import {
  type AttributeValue,
  type CancellationReason,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Account, Day } from '../loyalty/account.ts';
import { decideActivity, decideSale, saleDifferences } from '../loyalty/accrue.ts';
import { addDays, dayIn } from '../loyalty/calendar.ts';
import { append, type Detail, type Draft, type Entry, keyOf, newAccount, type Spent } from '../loyalty/entry.ts';
import type { ActivityFact, RefundFact, SaleFact } from '../loyalty/facts.ts';
import { decideExpiry } from '../loyalty/lapse.ts';
import { decideNote, type Note } from '../loyalty/notes.ts';
import type { Program } from '../loyalty/program.ts';
import {
  decideCapture,
  decideRedemption,
  decideRelease,
  endFingerprint,
  endKey,
  firstDate,
  holdOf,
  nextLapse,
  type Redemption,
  startKey,
} from '../loyalty/redeem.ts';
import { decideEarlyRefund, decideRefund } from '../loyalty/refund.ts';
import { type Situation, today } from '../loyalty/situation.ts';

/**
 * What came of a command. `posted`: now. `replayed`: before, and this is what was answered then. `conflict`: before,
 * with other content. `refused`: a rule says no; with an entry when the refusal itself is on record.
 */
export type Outcome =
  | { readonly kind: 'posted'; readonly entry: Entry }
  | { readonly kind: 'replayed'; readonly entry: Entry }
  | { readonly kind: 'conflict'; readonly entry: Entry; readonly differences: readonly string[] }
  | { readonly kind: 'refused'; readonly because: string; readonly entry?: Entry };

/** What would be posted now: the very same decision, not written. */
export interface Quote {
  readonly draft: Draft;
  readonly entry: Entry;
}

export interface LedgerOptions {
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

export type Ledger = ReturnType<typeof openLedger>;

/** Shards of the indexes that sweeps read: so many partitions share a day's load. */
export const SHARDS = 8;

// Somebody always gets through, so a loser of many rounds is only unlucky; full jitter makes long streaks rare.
const ATTEMPTS = 64;
const BACKOFF_MS = { base: 4, max: 250 };

/** Opens a merchant's ledger. Every posting is one transaction of two items: the account and one entry. */
export function openLedger(options: LedgerOptions) {
  const { client, tables, program, version, now, random = Math.random } = options;
  const situation = (): Situation => ({ program, now: now() });
  const firstTier = program.tiers[0]?.id ?? '';

  async function account(memberId: string): Promise<Account | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: tables.accounts, Key: { memberId: { S: memberId } }, ConsistentRead: true }),
    );
    return Item && fromAccountItem(Item);
  }

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

  /**
   * Decides on the newest account and posts; decides again whenever somebody was faster. `decide` may read entries of
   * the member: it always runs after the account was read, so whatever changes them fails the account's condition.
   * An outcome instead of a draft posts nothing.
   */
  async function post(
    memberId: string,
    decide: (account: Account, situation: Situation) => Draft | Outcome | Promise<Draft | Outcome>,
  ): Promise<Outcome> {
    let current = (await account(memberId)) ?? newAccount(memberId, firstTier);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const at = situation();
      const draft = await decide(current, at);
      if ('kind' in draft) return draft;
      const next = append(current, draft, { recordedAt: at.now.toISOString(), program: version });
      const refusal = await write(current, next.account, next.entry);
      if (!refusal)
        return next.entry.detail.kind === 'refused'
          ? { kind: 'refused', because: next.entry.detail.because, entry: next.entry }
          : { kind: 'posted', entry: next.entry };
      // Both may be there: the entry is the answer then, whatever else the account did meanwhile.
      if (refusal.entry) return replay(refusal.entry, draft.fingerprint);
      // The first losers try again at once with what they were shown; after that everybody steps aside for a moment.
      if (!refusal.account || attempt > 2)
        await wait(random() * Math.min(BACKOFF_MS.max, BACKOFF_MS.base * 2 ** attempt));
      if (refusal.account) current = refusal.account;
      else current = (await account(memberId)) ?? newAccount(memberId, firstTier);
    }
    throw new LedgerBusy(`no posting after ${ATTEMPTS} tries`);
  }

  /** `undefined` when written; else what was in the way. */
  async function write(before: Account, after: Account, posted: Entry): Promise<InTheWay | undefined> {
    try {
      await client.send(
        new TransactWriteItemsCommand({
          // Same posting, same token, same bytes: the SDK's own retry after a lost reply finds it done. 36 characters at most.
          ClientRequestToken: posted.hash.slice(0, 36),
          TransactItems: [
            {
              Put: {
                TableName: tables.accounts,
                Item: toAccountItem(after, dayIn(program.timeZone, posted.recordedAt)),
                ...(before.seq === 0
                  ? { ConditionExpression: 'attribute_not_exists(memberId)' }
                  : {
                      ConditionExpression: 'seq = :seq',
                      ExpressionAttributeValues: { ':seq': { N: String(before.seq) } },
                    }),
                ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
              },
            },
            {
              Put: {
                TableName: tables.entries,
                Item: toEntryItem(posted),
                ConditionExpression: 'attribute_not_exists(memberId)',
                ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
              },
            },
          ],
        }),
      );
      return undefined;
    } catch (error) {
      if (error instanceof TransactionCanceledException) return standing(error.CancellationReasons ?? [], error);
      // The SDK retries none of these.
      if (
        isNamed(
          error,
          'TransactionConflictException',
          'TransactionInProgressException',
          'ThrottlingException',
          'ProvisionedThroughputExceededException',
        )
      ) {
        return {};
      }
      throw error;
    }
  }

  async function sale(memberId: string, fact: SaleFact): Promise<Outcome> {
    const spent = fact.redemptionId ? await spentOn(memberId, fact.redemptionId) : undefined;
    return post(memberId, (account, at) => decideSale(account, fact, at, spent));
  }

  /** What a captured redemption paid; captures one that is held. A refused or unknown one paid nothing. */
  async function spentOn(memberId: string, redemptionId: string): Promise<Spent | undefined> {
    const outcome = await capture(memberId, { redemptionId });
    const ended = 'entry' in outcome && outcome.entry ? outcome.entry : await entry(memberId, endKey(redemptionId));
    if (ended?.detail.kind !== 'redeemed') return undefined;
    return { redemptionId, points: ended.detail.points, from: ended.detail.from };
  }

  async function quote(memberId: string, fact: SaleFact): Promise<Quote> {
    const current = (await account(memberId)) ?? newAccount(memberId, firstTier);
    const at = situation();
    const hold = fact.redemptionId ? holdOf(current, fact.redemptionId) : undefined;
    const spent =
      hold && fact.redemptionId ? { redemptionId: fact.redemptionId, points: hold.points, from: hold.from } : undefined;
    const draft = decideSale(current, fact, at, spent);
    return { draft, entry: append(current, draft, { recordedAt: at.now.toISOString(), program: version }).entry };
  }

  const refund = (memberId: string, fact: RefundFact): Promise<Outcome> =>
    post(memberId, async (account, at) => {
      const ofOrder = await entries(memberId, keyOf(fact.source, fact.orderId, ''));
      const theSale = ofOrder.find((one) => one.detail.kind === 'sale');
      if (theSale) {
        const before = ofOrder.filter((one) => one.detail.kind === 'refund' && one.detail.refundId !== fact.refundId);
        return decideRefund(account, fact, at, theSale, before);
      }
      const draft = decideEarlyRefund(account, fact);
      return 'refused' in draft ? { kind: 'refused', because: draft.refused } : draft;
    });

  async function capture(
    memberId: string,
    command: { readonly redemptionId: string; readonly points?: number | undefined },
  ): Promise<Outcome> {
    const { redemptionId } = command;
    return post(memberId, async (account, at) => {
      const draft = decideCapture(account, redemptionId, command.points, at);
      if (!('refused' in draft)) return draft;
      const ended = await ending(memberId, redemptionId, draft.refused, endFingerprint('captured', command.points));
      return ended ?? { kind: 'refused', because: draft.refused };
    });
  }

  const release = (
    memberId: string,
    command: { readonly redemptionId: string; readonly reason: 'voided' | 'lapsed' },
  ): Promise<Outcome> =>
    post(memberId, async (account, at) => {
      const draft = decideRelease(account, command.redemptionId, command.reason, at);
      if (!('refused' in draft)) return draft;
      const ended = await ending(memberId, command.redemptionId, draft.refused, endFingerprint('released'));
      return ended ?? { kind: 'refused', because: draft.refused };
    });

  /** A hold that is gone has ended before, once, in some way: that is the answer. */
  async function ending(
    memberId: string,
    redemptionId: string,
    refused: string,
    asked: string,
  ): Promise<Outcome | undefined> {
    if (refused !== 'no-such-redemption') return undefined;
    const ended = (await entry(memberId, endKey(redemptionId))) ?? (await entry(memberId, startKey(redemptionId)));
    if (!ended) return undefined;
    if (ended.detail.kind === 'refused') return { kind: 'refused', because: ended.detail.because, entry: ended };
    // Spent at once: capturing it all again asks for what has happened.
    if (
      ended.key === startKey(redemptionId) &&
      ended.detail.kind === 'redeemed' &&
      asked === endFingerprint('captured')
    )
      return { kind: 'replayed', entry: ended };
    return replay(ended, asked);
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
    entry,
    entries,
    quote,
    capture,
    refund,
    void: release,
    /** Earns, once for the order; captures the redemption that paid for part of it first. */
    async sale(memberId: string, fact: SaleFact): Promise<Outcome> {
      const outcome = await sale(memberId, fact);
      if (outcome.kind !== 'conflict' || outcome.entry.detail.kind !== 'sale') return outcome;
      return { ...outcome, differences: saleDifferences(outcome.entry.detail, fact) };
    },
    activity: (memberId: string, fact: ActivityFact): Promise<Outcome> =>
      post(memberId, (account, at) => decideActivity(account, fact, at)),
    /** Spends at once, or puts aside. */
    authorize: (memberId: string, asked: Redemption): Promise<Outcome> =>
      post(memberId, (account, at) => decideRedemption(account, asked, at)),
    note: (memberId: string, note: Note, told: { source: string; object: string; at: string }): Promise<Outcome> =>
      post(memberId, (account) => decideNote(account, note, told)),
    /** Takes out what could be spent through that day and no longer. Nothing to take is no entry. */
    expire: (memberId: string, through: Day): Promise<Outcome> =>
      post(memberId, (account, at) =>
        through >= today(at)
          ? { kind: 'refused', because: 'day-not-over' }
          : (decideExpiry(account, through, at) ?? { kind: 'refused', because: 'nothing-to-expire' }),
      ),
  };
}

/** What stood there instead; empty when it was a passing conflict, and must be read. */
interface InTheWay {
  readonly account?: Account;
  readonly entry?: Entry;
}

const isNamed = (error: unknown, ...names: string[]): boolean => error instanceof Error && names.includes(error.name);

/** Reads the two reasons of a cancelled transaction: the account's first, the entry's second. */
function standing(reasons: readonly CancellationReason[], error: Error): InTheWay {
  const [ofAccount, ofEntry] = reasons;
  if (ofEntry?.Code === 'ConditionalCheckFailed' && ofEntry.Item) return { entry: fromEntryItem(ofEntry.Item) };
  if (ofAccount?.Code === 'ConditionalCheckFailed' && ofAccount.Item)
    return { account: fromAccountItem(ofAccount.Item) };
  const passing = ['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded', 'ConditionalCheckFailed'];
  if (reasons.some((reason) => reason.Code && passing.includes(reason.Code))) return {};
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
    default:
      return 'the content differs';
  }
}

/**
 * The account as it lies in its table: the state, and the due dates that the sweeps' indexes are made of. `on` is the
 * day of the writing: points that came into a bucket whose day is over are due then, since no sweep looks further back.
 */
export function toAccountItem(account: Account, on?: Day): Record<string, AttributeValue> {
  const shard = shardOf(account.memberId);
  const expires = firstDate(account);
  // The day after the last on which they can be spent.
  const due = expires && [addDays(expires, 1), on ?? ''].sort().at(-1);
  const lapses = nextLapse(account);
  return marshall(
    {
      ...account,
      ...(due && { expiryDue: `${due}#${shard}` }),
      ...(lapses && { reviewDue: `${lapses}#${shard}` }),
    },
    { removeUndefinedValues: true },
  );
}

export function fromAccountItem(item: Record<string, AttributeValue>): Account {
  const { expiryDue: _, reviewDue: __, ...account } = unmarshall(item);
  return account as Account;
}

export const toEntryItem = (entry: Entry): Record<string, AttributeValue> =>
  marshall(entry, { removeUndefinedValues: true });

export const fromEntryItem = (item: Record<string, AttributeValue>): Entry => unmarshall(item) as Entry;

/** Which shard of the sweep indexes a member is in. */
export function shardOf(memberId: string): number {
  let hash = 0;
  for (let index = 0; index < memberId.length; index += 1) hash = (hash * 31 + memberId.charCodeAt(index)) >>> 0;
  return hash % SHARDS;
}
