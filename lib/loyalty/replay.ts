import { type Account, type Instant, journalsOf } from './account.ts';
import { decideActivity, decideSale } from './accrue.ts';
import { decideAdjustment } from './adjust.ts';
import { folded, outstanding, owed } from './as-of.ts';
import { spendable } from './buckets.ts';
import { dayIn } from './calendar.ts';
import type { Campaign } from './campaign.ts';
import { partOfCampaign, withRewards } from './campaigning.ts';
import type { Detail, Spent } from './detail.ts';
import { append, type Change, type Draft, type Entry, evolve, keyOf } from './entry.ts';
import type { ActivityFact, SaleFact } from './facts.ts';
import { decideExpiry } from './lapse.ts';
import { decideActivation, decideLotEnd } from './lot-ends.ts';
import type { Program } from './program.ts';
import { decideCapture, decideRedemption, decideRelease, endKey, holdOf, startKey } from './redeem.ts';
import { decideReferralReversal, decideReferralReward, rewardedKey } from './referral.ts';
import { decideEarlyRefund, decideRefund } from './refund.ts';
import { decideReminder } from './reminders.ts';
import { carried } from './replay/carry.ts';
import { nextDue } from './replay/due.ts';
import { countsAlike, restated, uncounted } from './replay/restate.ts';
import { activityTold, lotEndSaid, prefixesOf, redemptionAsked, refundTold, saleTold } from './replay/told.ts';
import { earnedBySameOrder } from './same-order.ts';
import type { Person } from './segmenting.ts';
import type { Situation } from './situation.ts';
import { suspicions } from './suspicions.ts';
import { decideGrant, decideGrantEnd, decideReview, tierOf } from './tiers.ts';
import { decideUndo } from './undo.ts';

/**
 * What would have become of a member under another program: what was told is read back from the journal and decided
 * again, by the very functions that decide what comes in. What no rule decides, such as a gift or what was brought along
 * from elsewhere, is taken as it was booked. A program that is the same comes to the same.
 */

export interface Story {
  /** In the order of `seq`. */
  readonly entries: readonly Entry[];
  /** Journals of accounts that went into this one: they are part of the member's story, and of the difference. */
  readonly absorbed?: readonly (readonly Entry[])[];
  /** Those of accounts that were one with this one for a while: what began in the one may have ended in the other. */
  readonly related?: readonly (readonly Entry[])[];
  /** What the member is tagged with today: yesterday's tags are not on record. */
  readonly memberTags?: readonly string[] | undefined;
}

export interface Question {
  /** The program that is in use. */
  readonly current: Program;
  /** The one that is asked about. */
  readonly changed: Program;
  /** What was posted from then on is decided again; what was before stays as it was booked. */
  readonly since: Instant;
  readonly until: Instant;
  /** Those that are to count, each in its own time; absent: none. */
  readonly campaigns?: readonly Campaign[];
  /** Who the member is today. */
  readonly person?: Person | undefined;
}

export interface Result {
  readonly spendable: number;
  readonly pending: number;
  readonly held: number;
  /** What the merchant owes in points: all of the above that is above zero. */
  readonly outstanding: number;
  /** What the member owes. */
  readonly owed: number;
  readonly lifetime: number;
  readonly tier: string;
  /** What each rule gave in that time, before anything was taken back. */
  readonly byRule: Readonly<Record<string, number>>;
  /** Redemptions that were had, and those that were refused. */
  readonly redeemed: number;
  readonly refused: number;
}

export interface Replayed {
  readonly memberId: string;
  /** Entries that were decided again. */
  readonly decided: number;
  readonly booked: Result;
  readonly changed: Result;
}

export function replay({ entries, absorbed = [], related = [], memberTags }: Story, question: Question): Replayed {
  const { current, changed, until } = question;
  const retell = retelling(question, memberTags, related.flat());
  // In this order: what was booked for a member who went into another account is looked up from there.
  const told = [...absorbed, entries].map(retell);
  const own = told.at(-1);
  const day = dayIn(changed.timeZone, until);
  const sides = (side: 'booked' | 'changed', program: Program): Result => {
    const all = told.map((one) => one[side]);
    const sum = (of: (account: Account) => number) => all.reduce((total, { account }) => total + of(account), 0);
    const posted = all.flatMap((one) => one.posted);
    const redemptions = posted.filter(({ detail, key }) => isRedemption(detail, key));
    return {
      spendable: sum(({ buckets }) => spendable(buckets, day)),
      pending: sum(({ pending }) => pending),
      held: sum(({ held }) => held),
      outstanding: sum((account) => outstanding({ account, day })),
      owed: sum((account) => owed({ account })),
      lifetime: sum(({ lifetime }) => lifetime),
      tier: own ? tierOf(program, own[side].account, day).id : '',
      byRule: byRule(posted),
      redeemed: redemptions.filter(({ detail }) => detail.kind !== 'refused').length,
      refused: redemptions.filter(({ detail }) => detail.kind === 'refused').length,
    };
  };
  return {
    memberId: entries[0]?.memberId ?? '',
    decided: told.reduce((sum, { decided }) => sum + decided, 0),
    booked: sides('booked', current),
    changed: sides('changed', changed),
  };
}

const isRedemption = (detail: Detail, key: string): boolean =>
  (detail.kind === 'authorized' || detail.kind === 'redeemed' || detail.kind === 'refused') &&
  detail.redemptionId !== undefined &&
  key === startKey(detail.redemptionId);

function byRule(posted: readonly Entry[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { detail } of posted) {
    if (detail.kind !== 'sale' && detail.kind !== 'activity') continue;
    for (const { rule, points } of detail.parts) sums[rule] = (sums[rule] ?? 0) + points;
  }
  return sums;
}

/** An account at the end, and what was posted to it in the time that is asked about. */
interface Side {
  readonly account: Account;
  readonly posted: readonly Entry[];
}

/** A journal's entry is decided again, is taken as it was booked, or says something that does not come about. */
type Again = Draft | 'as-booked' | 'nothing';

/** Tells journals of one member again, each knowing those before it. */
function retelling(
  { current, changed, since, until, campaigns, person }: Question,
  memberTags: readonly string[] | undefined,
  related: readonly Entry[],
) {
  /** Accounts as they were when they went into another one. */
  const left = new Map<string, Account>();
  const alike = countsAlike(current, changed);
  const elsewhere = [...(alike ? related : restated(related, changed))];
  const sameTiers =
    alike && JSON.stringify([current.tiers, current.qualify]) === JSON.stringify([changed.tiers, changed.qualify]);

  return (entries: readonly Entry[]): { booked: Side; changed: Side; decided: number } => {
    const first = entries.findIndex(({ recordedAt }) => Date.parse(recordedAt) >= Date.parse(since));
    const before = first === -1 ? entries : entries.slice(0, first);
    const after = (first === -1 ? [] : entries.slice(first)).filter(
      ({ recordedAt }) => Date.parse(recordedAt) <= Date.parse(until),
    );
    const start = alike ? before : restated(before, changed);
    let booked = folded(before, entries[0]);
    let account = folded(start, entries[0]);
    const books = openBooks([...elsewhere, ...start]);
    if (!sameTiers) account = { ...account, tier: tierOf(changed, account, dayIn(changed.timeZone, since)).id };
    const posted: Entry[] = [];
    let decided = 0;

    const post = (draft: Draft, recordedAt: string) => {
      const next = append(account, draft, { recordedAt, program: 'replay' });
      account = next.account;
      books.add(next.entry);
      posted.push(next.entry);
    };
    const timePasses = (by: Date, waiting?: Account) => {
      const due = () => nextDue(account, changed, by, books.start, waiting);
      for (let draft = due(); draft; draft = due()) post(draft, by.toISOString());
      const review = sameTiers ? undefined : decideReview(account, { program: changed, now: by });
      if (review) post(review, by.toISOString());
    };

    for (const entry of after) {
      const now = new Date(entry.recordedAt);
      books.lookFrom(account, entry.recordedAt);
      timePasses(now, booked);
      const situation = {
        program: changed,
        now,
        ...(memberTags && { memberTags }),
        ...(campaigns && { campaigns }),
        ...(person && { person }),
      };
      const again = decidedAgain(entry, { account, booked, current, situation, books });
      if (again === 'as-booked') {
        if (entry.detail.kind === 'merged-into') left.set(leaving(entry.memberId, entry), account);
        const change = carried(account, changeOf(entry, alike, left), situation);
        post({ ...entry, change, tier: tierAfter(account, change, situation) }, entry.recordedAt);
      } else if (again !== 'nothing') {
        post(again, entry.recordedAt);
        decided += 1;
      }
      booked = evolve(booked, entry);
    }
    const end = new Date(until);
    books.lookFrom(account, until);
    timePasses(end);
    elsewhere.push(...start, ...posted);
    return {
      decided,
      changed: { account, posted },
      booked: { account: atTheEnd(booked, current, end), posted: after },
    };
  };
}

/** What is due by then is done, as if the sweeps had just been there. */
function atTheEnd(account: Account, program: Program, end: Date): Account {
  let now = account;
  for (let draft = nextDue(now, program, end); draft; draft = nextDue(now, program, end))
    now = append(now, draft, { recordedAt: end.toISOString(), program: '' }).account;
  return now;
}

/** In another program's words it counts nothing; and the holds that come with another account are what became of them. */
function changeOf(entry: Entry, alike: boolean, left: ReadonlyMap<string, Account>): Change {
  const { change, detail } = entry;
  const counted = alike ? change : uncounted(change);
  const there = detail.kind === 'merged-from' ? left.get(leaving(detail.with, entry)) : undefined;
  if (!there || !counted.brings?.holds) return counted;
  const holds = Object.fromEntries(
    Object.keys(counted.brings.holds).flatMap((id) => (there.holds[id] ? [[id, there.holds[id]] as const] : [])),
  );
  return { ...counted, brings: { ...counted.brings, holds } };
}

/** Both sides of a merging are posted at one time; one may go, come back, and go again. */
const leaving = (memberId: string, { recordedAt }: Entry): string => `${memberId}@${recordedAt}`;

/** What is carried may bring something along that counts towards a tier, or a tier itself. */
function tierAfter(account: Account, change: Change, { program, now }: Situation): string {
  if (!change.window && change.granted === undefined) return account.tier;
  const balance = {
    available: account.available,
    pending: account.pending,
    held: account.held,
    lifetime: account.lifetime,
  };
  const next = evolve(account, { seq: 0, hash: '', change, after: { ...balance, tier: account.tier } });
  return tierOf(program, next, dayIn(program.timeZone, now)).id;
}

type Books = ReturnType<typeof openBooks>;

/** All that has been told so far, to be looked up as the ledger would. */
function openBooks(entries: readonly Entry[]) {
  const byObject = new Map<string, Entry[]>();
  const orders = new Map<string, string>();
  let now = '';
  let open: ReadonlySet<string> = new Set();
  const objectOf = (key: string) => key.split('#').slice(0, 3).join('#');
  const about = (prefix: string): readonly Entry[] =>
    (byObject.get(objectOf(prefix)) ?? []).filter(
      ({ key, memberId, recordedAt }) => key.startsWith(prefix) && open.has(memberId) && recordedAt <= now,
    );
  const find = (key: string): Entry | undefined => about(key).find((entry) => entry.key === key);
  const add = (entry: Entry): void => {
    const object = objectOf(entry.key);
    const there = byObject.get(object);
    if (there) there.push(entry);
    else byObject.set(object, [entry]);
    if (entry.detail.kind === 'sale') orders.set(entry.detail.orderId, keyOf(entry.source, entry.detail.orderId, ''));
  };
  for (const entry of entries) add(entry);
  return {
    about,
    find,
    add,
    /** As the ledger would look then: into the journals that are part of the account, as far as they were written. */
    lookFrom: (account: Account, at: Instant): void => {
      now = at;
      open = new Set(journalsOf(account));
    },
    start: (redemptionId: string): Entry | undefined => find(startKey(redemptionId)),
    /** Who told of it is not booked with a redemption; two sources rarely share a number. */
    ofOrder: (orderId: string | undefined): readonly Entry[] => {
      const prefix = orderId === undefined ? undefined : orders.get(orderId);
      return prefix === undefined ? [] : about(prefix);
    },
  };
}

interface Standing {
  readonly account: Account;
  /** The same member as it really was then. */
  readonly booked: Account;
  readonly current: Program;
  readonly situation: Situation;
  readonly books: Books;
}

function decidedAgain(entry: Entry, standing: Standing): Again {
  const { account, situation, books } = standing;
  const { detail } = entry;
  switch (detail.kind) {
    case 'sale': {
      const fact = saleTold(entry, detail);
      return decideSale(account, fact, around(entry, fact, standing), spentOn(books, fact.redemptionId));
    }
    case 'activity': {
      const fact = activityTold(entry, detail);
      return decideActivity(account, fact, around(entry, fact, standing));
    }
    case 'refund': {
      const ofOrder = books.about(keyOf(entry.source, detail.orderId, ''));
      const sale = ofOrder.find((one) => one.detail.kind === 'sale');
      const currency = sale?.detail.kind === 'sale' ? sale.detail.currency : situation.program.currency;
      const fact = refundTold(entry, detail, currency);
      return sale ? decideRefund(account, fact, situation, sale, ofOrder) : mayBe(decideEarlyRefund(account, fact));
    }
    case 'authorized':
    case 'redeemed':
    case 'refused':
      return redemptionAgain(entry, standing);
    case 'released':
      return mayBe(
        decideRelease(account, detail.redemptionId, detail.because, situation, books.start(detail.redemptionId)),
      );
    case 'expired':
      return decideExpiry(account, detail.through, situation) ?? 'nothing';
    case 'reminded':
      return decideReminder(account, detail.asked, situation) ?? 'nothing';
    case 'activated':
    case 'declined': {
      const said = lotEndSaid(entry, detail);
      if (!said) return decideActivation(account, detail.lot, situation) ?? 'nothing';
      return mayBe(decideLotEnd(account, said, prefixesOf(said).flatMap(books.about), situation));
    }
    case 'tier-reviewed':
      return decideReview(account, situation) ?? 'nothing';
    case 'tier-granted':
      return mayBe(decideGrant(account, detail, situation));
    case 'tier-grant-ended':
      return mayBe(decideGrantEnd(account, detail, situation));
    case 'adjusted':
      // It was allowed then, whatever there is to take it from now.
      return decideAdjustment(account, { ...detail, belowZero: true }, situation, detail.approvedBy);
    case 'undone': {
      const there = books.find(detail.of);
      if (!there) return 'as-booked';
      const { source, detail: what } = there;
      const object =
        what.kind === 'activity' ? books.about(keyOf(source, `${what.activity}:${what.activityId}`, '')) : [];
      return mayBe(decideUndo(account, there, detail, situation, object, detail.approvedBy));
    }
    case 'referral-rewarded':
      return decideReferralReward(account, { ...entry, memberId: detail.friend }, situation);
    case 'referral-reversed':
      return decideReferralReversal(
        account,
        { ...entry, memberId: detail.friend },
        books.find(rewardedKey(detail.friend)),
        situation,
      );
    default:
      return 'as-booked';
  }
}

const mayBe = (decided: Draft | { readonly refused: string }): Again => ('refused' in decided ? 'nothing' : decided);

function redemptionAgain(entry: Entry, { account, situation, books }: Standing): Again {
  const { detail } = entry;
  const asked = redemptionAsked(entry);
  if (asked) {
    const gone = detail.kind === 'refused' && detail.because === 'out-of-stock';
    const fromSameOrder = earnedBySameOrder(account, books.ofOrder(asked.orderId), situation);
    const offered = { ...situation, program: withRewards(account, situation) };
    return decideRedemption(account, asked, offered, { gone, fromSameOrder });
  }
  if (detail.kind !== 'redeemed') return 'as-booked';
  const { redemptionId: id, released, points } = detail;
  const hold = holdOf(account, id);
  if (!hold) return 'nothing';
  // All of it, or as much of it as there is.
  const amount = released === undefined ? undefined : Math.min(points, hold.points);
  return mayBe(decideCapture(account, id, amount, situation, books.start(id)));
}

/** A redemption that did not come about paid nothing. */
function spentOn(books: Books, redemptionId: string | undefined): Spent | undefined {
  if (redemptionId === undefined) return undefined;
  const ended = books.find(endKey(redemptionId)) ?? books.start(redemptionId);
  if (ended?.detail.kind !== 'redeemed') return undefined;
  return { redemptionId, points: ended.detail.points, from: ended.detail.from };
}

/** What was known beside the account and the fact, as far as the entry says. */
function around(entry: Entry, fact: SaleFact | ActivityFact, { booked, current, situation }: Standing): Situation {
  const { detail } = entry;
  const flags = detail.kind === 'sale' || detail.kind === 'activity' ? (detail.flags ?? []) : [];
  const own = suspicions(booked, fact, { ...situation, program: current });
  return { ...situation, flags: flags.filter((flag) => !own.includes(flag)), ...budgetsLeft(entry, situation) };
}

/** A budget belongs to all members, and one member's story does not tell what is left of it: what it left then, it leaves now. */
function budgetsLeft(
  { detail, trace }: Entry,
  { program: { rules }, campaigns = [] }: Situation,
): Pick<Situation, 'budgets'> {
  const limited = [
    ...rules.filter(({ budgetPoints }) => budgetPoints !== undefined).map(({ id }) => id),
    ...campaigns.filter(({ budgetPoints }) => budgetPoints !== undefined).map(({ id }) => partOfCampaign(id)),
  ];
  if (limited.length === 0 || (detail.kind !== 'sale' && detail.kind !== 'activity')) return {};
  const left = (id: string) =>
    trace.some((step) => step.step === 'budget' && step.rule === id)
      ? detail.parts.reduce((sum, { rule, points }) => (rule === id ? sum + points : sum), 0)
      : Number.MAX_SAFE_INTEGER;
  return { budgets: Object.fromEntries(limited.map((id) => [id, left(id)])) };
}
