import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Account, Day } from '../loyalty/account.ts';
import { nextReview } from '../loyalty/due.ts';
import type { Entry } from '../loyalty/entry.ts';
import type { Program } from '../loyalty/program.ts';
import { nextLook } from '../loyalty/reminders.ts';

/** Accounts and entries as they lie in their tables. */

export type Item = Record<string, AttributeValue>;

/** Shards of the indexes that sweeps read: so many partitions share a day's load. */
export const SHARDS = 8;

/**
 * A write is paid by the kilobyte. What would make an item larger is packed: these attributes leave it and stand in
 * `packed`, deflated. Most items stay as they are, to be read by anyone with a console.
 */
const PACKED_FROM_BYTES = 1_000;
const PACKABLE = {
  entry: ['detail', 'change', 'trace'],
  account: ['buckets', 'lots', 'holds', 'window', 'counters', 'early', 'reminders'],
} as const;

/**
 * Words that items are made of: text that both sides know need not be written. It may never change, or what was packed
 * with it cannot be read; a new one would need a new attribute.
 */
const DICTIONARY = Buffer.from(
  '"listGross":"listNet":"locationId":"staffId":"redemptionId":"rewardId":"grossMinor":"netMinor":"paidMinor":"orderId":"' +
    '"returned":"reversed":"extent":{"kind":"lines","lines":[{"id":"activity":"activityId":"flags":[],"unlocked":[],' +
    '"granted":"counters":{"window":{"key":"2026","by":"points","amount":"amountMinor":"detail":{"kind":"sale","currency":"EUR",' +
    '"lots":{"holds":{"lapsesAt":"from":{"early":{"lifetime":"visits":1,"purchases":1,"activeOn":"2026-carry":"milli":' +
    '"trace":[{"step":"rule","rule":"step":"multiplier","bp":15000,"step":"cap","points":"rate":{"points":1,"perMinor":100,' +
    '"bp":10000,"base":"gross"},"base":"net"},"without":[0,"to":"2027-12-31","parts":[{"rule":"' +
    '"buckets":{"2027-01-31":"2027-02-28":"2027-03-31":"never":"lines":[{"id":"","net":,"gross":,"quantity":"2","sku":"","category":"","tags":["',
);

export function packed(item: Item, plain: Readonly<Record<string, unknown>>, names: readonly string[]): Item {
  if (bytesOf(item) <= PACKED_FROM_BYTES) return item;
  const inside = Object.fromEntries(
    names.filter((name) => plain[name] !== undefined).map((name) => [name, plain[name]]),
  );
  const outside = Object.fromEntries(Object.entries(item).filter(([name]) => !(name in inside)));
  const bytes = deflateRawSync(Buffer.from(JSON.stringify(inside)), { level: 9, dictionary: DICTIONARY });
  return { ...outside, packed: { B: new Uint8Array(bytes) } };
}

function unpacked(item: Item): Record<string, unknown> {
  const { packed: inside, ...outside } = item;
  if (inside?.B === undefined) return unmarshall(outside);
  // A stream's record has it as text.
  const raw: unknown = inside.B;
  const bytes = typeof raw === 'string' ? Buffer.from(raw, 'base64') : inside.B;
  return { ...unmarshall(outside), ...JSON.parse(inflateRawSync(bytes, { dictionary: DICTIONARY }).toString()) };
}

/** As DynamoDB counts: names and values in UTF-8, numbers about half a byte a digit, three bytes and one an element for lists and maps. */
export function bytesOf(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined)
    return Math.ceil(value.N.replace(/[-.]|^0+|0+$/g, '').length / 2) + 1 + (value.N.startsWith('-') ? 1 : 0);
  if (value.B !== undefined) return value.B.length;
  if (value.L !== undefined) return 3 + value.L.reduce((sum, one) => sum + 1 + valueBytes(one), 0);
  if (value.M !== undefined)
    return (
      3 + Object.entries(value.M).reduce((sum, [name, one]) => sum + 1 + Buffer.byteLength(name) + valueBytes(one), 0)
    );
  return 1;
}

/**
 * The account: the state, and the due dates that the sweeps' indexes are made of. `on` is the day of the writing: points
 * that came into a bucket whose day is over are due then, since no sweep looks further back. `watched`: see `watchedFrom`.
 */
export function toAccountItem(account: Account, program: Program, on?: Day, watched?: Day): Item {
  const shard = shardOf(account.memberId);
  const look = nextLook(account, program);
  const due = look && [look, on ?? ''].sort().at(-1);
  const review = nextReview(account, program, on);
  const plain = sparse({
    ...account,
    ...(due && { expiryDue: `${due}#${shard}` }),
    ...(review && { reviewDue: `${review}#${shard}` }),
    ...(watched && { inactiveDue: `${watched}#${shard}` }),
    // No part of the account either: for whoever asks to whom something has happened at all.
    ...(on && { bookedOn: on }),
  });
  return packed(marshall(plain, { removeUndefinedValues: true }), plain, PACKABLE.account);
}

/** Empty maps and zeros that `newAccount` would put there anyway are not written. */
const EMPTY = {
  pending: 0,
  held: 0,
  lots: {},
  holds: {},
  window: {},
  counters: {},
  carry: 0,
  early: {},
  visits: 0,
  purchases: 0,
} as const;

const sparse = (plain: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(plain).filter(([name, value]) => {
      const empty = EMPTY[name as keyof typeof EMPTY];
      return empty === undefined || (typeof empty === 'number' ? value !== 0 : Object.keys(value as object).length > 0);
    }),
  );

export function fromAccountItem(item: Item): Account {
  const { expiryDue: _, reviewDue: __, bookedOn: ___, inactiveDue, ...rest } = unpacked(item);
  const account = { ...EMPTY, ...rest } as unknown as Account;
  if (typeof inactiveDue === 'string') watches.set(account, inactiveDue.slice(0, 10));
  return account;
}

const watches = new WeakMap<Account, Day>();

/**
 * The day on which somebody looks whether the member has stayed away, as it stood where this account was read. It is no
 * part of the account: the sweep moves it without an entry, and every posting writes it back as it was.
 */
export const watchedFrom = (account: Account): Day | undefined => watches.get(account);

export const toEntryItem = (entry: Entry): Item =>
  packed(marshall(entry, { removeUndefinedValues: true }), entry as unknown as Record<string, unknown>, PACKABLE.entry);

export const fromEntryItem = (item: Item): Entry => unpacked(item) as unknown as Entry;

/** Which shard of the sweep indexes a member is in. */
export function shardOf(memberId: string): number {
  let hash = 0;
  for (let index = 0; index < memberId.length; index += 1) hash = (hash * 31 + memberId.charCodeAt(index)) >>> 0;
  return hash % SHARDS;
}
