import type { Account } from '../../loyalty/account.ts';
import { campaignRewards, withRewards } from '../../loyalty/campaigning.ts';
import {
  type CodeEnd,
  codeEndFingerprint,
  codeEndKey,
  decideCodeEnd,
  type GivenCode,
  lastDayOfCode,
} from '../../loyalty/codes.ts';
import type { Detail, Spent } from '../../loyalty/detail.ts';
import { type Draft, type Entry, keyOf } from '../../loyalty/entry.ts';
import { rewardOf } from '../../loyalty/offer.ts';
import type { Reward } from '../../loyalty/program/rewards.ts';
import {
  type Circumstances,
  decideCapture,
  decideRedemption,
  decideRelease,
  endFingerprint,
  endKey,
  holdOf,
  type Redemption,
  startKey,
} from '../../loyalty/redeem.ts';
import { earnedBySameOrder } from '../../loyalty/same-order.ts';
import { type Situation, today } from '../../loyalty/situation.ts';
import { type Codes, codeIdOf, freshCode, type GivenRow, isGiven } from '../codes.ts';
import type { Beside, Decision, Journal, Outcome } from '../journal.ts';
import type { Stock } from '../stock.ts';
import type { CampaignsAround } from '../surroundings.ts';

/** What rewards are taken from, beside the member's points. */
export interface Supplies {
  readonly stock: Stock;
  readonly codes: Codes;
}

export interface Capture {
  readonly redemptionId: string;
  /** Absent: all that was put aside. */
  readonly points?: number | undefined;
}

/** Whose order it is: `orderId` is one of this source's. */
export type RedemptionFrom = Redemption & { readonly source?: string | undefined };

/** Points spent, put aside and given back, with the pieces and codes that go with them. */
export function redeeming(
  journal: Journal,
  supplies: (() => Supplies) | undefined,
  campaignsFor: CampaignsAround = async () => ({}),
) {
  const { post, replay, entriesOf, program } = journal;

  /** Also where it stands in the journal of an account that went into this one. */
  const entryOf = async (account: Account, key: string): Promise<Entry | undefined> =>
    (await entriesOf(account, key)).find((one) => one.key === key);

  const startOfHold = async (account: Account, id: string): Promise<Entry | undefined> =>
    holdOf(account, id) && entryOf(account, startKey(id));

  async function authorize(memberId: string, { source, ...asked }: RedemptionFrom): Promise<Outcome> {
    const around = asked.rewardId === undefined ? {} : await campaignsFor(memberId);
    return post(memberId, async (account, now, missing): Promise<Decision> => {
      const at = { ...now, program: withRewards(account, { ...now, ...around }) };
      const fromSameOrder = await earnedByOrder(account, asked.orderId, source, at);
      const decide = (more: Circumstances = {}) => decideRedemption(account, asked, at, { fromSameOrder, ...more });
      if (missing.has('stock')) return decide({ gone: true });
      const draft = decide();
      const reward = rewardOf(at.program, asked.rewardId);
      if (draft.detail.kind === 'refused' || !reward || !supplies) return draft;
      const beside: Beside[] =
        reward.stock === undefined ? [] : [{ name: 'stock', item: supplies().stock.taking(reward) }];
      // Whoever only puts it aside gets the code when the points are spent.
      if (!reward.code || !asked.capture) return { draft, beside };
      const code = await nextCode(reward);
      if (code === undefined) return decide({ gone: true });
      const withCode = decide({ code: codeIdOf(code) });
      return { draft: withCode, beside: [...beside, ...giving(code, reward, account, withCode.detail, at)] };
    });
  }

  const nextCode = async ({ id, code }: Reward): Promise<string | undefined> =>
    code?.from === 'list' ? supplies?.().codes.draw(id) : freshCode();

  function giving(code: string, reward: Reward, account: Account, detail: Detail, at: Situation): readonly Beside[] {
    if (detail.kind !== 'redeemed' || !reward.code || !supplies) return [];
    const given: GivenCode = {
      id: codeIdOf(code),
      rewardId: reward.id,
      redemptionId: detail.redemptionId,
      value: detail.value,
      validThrough: lastDayOfCode(reward, today(at)),
    };
    return supplies().codes.giving(code, { ...given, memberId: account.memberId }, reward.code.from);
  }

  /** Of what can be spent, that which the very order has earned that it would be spent on. */
  async function earnedByOrder(
    account: Account,
    orderId: string | undefined,
    source: string | undefined,
    at: Situation,
  ): Promise<number> {
    if (program.redemption.sameOrder !== 'waits' || orderId === undefined || source === undefined) return 0;
    return earnedBySameOrder(account, await entriesOf(account, keyOf(source, orderId, '')), at);
  }

  /** Spends what was put aside. A sale that it pays for needs no code: the reward is in that very order. */
  async function capture(
    memberId: string,
    command: Capture,
    options: { readonly withCode: boolean },
  ): Promise<Outcome> {
    const { campaigns } = await campaignsFor(memberId);
    const offered = { ...program, rewards: [...program.rewards, ...campaignRewards(campaigns)] };
    return post(memberId, async (account, at): Promise<Decision> => {
      const { redemptionId, points } = command;
      const started = await startOfHold(account, redemptionId);
      const decide = (code?: string) =>
        decideCapture(account, redemptionId, points, { ...at, program: offered }, started, code);
      const draft = decide();
      if ('refused' in draft)
        return notCaptured(account, redemptionId, draft.refused, endFingerprint('captured', points));
      const reward = rewardOf(offered, draft.detail.kind === 'redeemed' ? draft.detail.rewardId : undefined);
      if (!reward?.code || !options.withCode || !supplies) return draft;
      const code = await nextCode(reward);
      // Not on record: as soon as the merchant has loaded more codes, the same capture succeeds.
      if (code === undefined) return { kind: 'refused', because: 'out-of-stock' };
      const withCode = decide(codeIdOf(code)) as Draft;
      return { draft: withCode, beside: giving(code, reward, account, withCode.detail, at) };
    });
  }

  const release = (
    memberId: string,
    { redemptionId, reason }: { readonly redemptionId: string; readonly reason: 'voided' | 'lapsed' },
  ): Promise<Outcome> =>
    post(memberId, async (account, at, missing): Promise<Decision> => {
      const started = await startOfHold(account, redemptionId);
      const draft = decideRelease(account, redemptionId, reason, at, started);
      if ('refused' in draft) return notCaptured(account, redemptionId, draft.refused, endFingerprint('released'));
      const { detail } = started ?? {};
      const tookPiece = detail?.kind === 'authorized' && detail.stock && detail.rewardId;
      // A row that somebody has removed is no reason to keep a member's points.
      if (!tookPiece || !supplies || missing.has('stock')) return draft;
      return { draft, beside: [{ name: 'stock', item: supplies().stock.givingBack(tookPiece) }] };
    });

  /** A hold that is gone has ended before, once, in some way: that is the answer. */
  async function notCaptured(account: Account, id: string, refused: string, asked: string): Promise<Outcome> {
    const none: Outcome = { kind: 'refused', because: refused };
    if (refused !== 'no-such-redemption') return none;
    const started = await entryOf(account, startKey(id));
    const ended = (await entryOf(account, endKey(id))) ?? started;
    if (!ended) return none;
    if (ended.detail.kind === 'refused') return { kind: 'refused', because: ended.detail.because, entry: ended };
    // Spent at once: capturing it all again asks for what has happened.
    if (ended === started && ended.detail.kind === 'redeemed' && asked === endFingerprint('captured'))
      return { kind: 'replayed', entry: ended };
    return replay(ended, asked);
  }

  /** What a captured redemption paid; captures one that is held. A refused or unknown one paid nothing. */
  async function spentOn(memberId: string, redemptionId: string): Promise<Spent | undefined> {
    const outcome = await capture(memberId, { redemptionId }, { withCode: false });
    const ended =
      'entry' in outcome && outcome.entry
        ? outcome.entry
        : await entryOf(await journal.home(memberId), endKey(redemptionId));
    if (ended?.detail.kind !== 'redeemed') return undefined;
    return { redemptionId, points: ended.detail.points, from: ended.detail.from };
  }

  /** `undefined` for a code that nobody was given. */
  async function endCode(code: string, end: CodeEnd): Promise<{ row: GivenRow; outcome: Outcome } | undefined> {
    const codes = supplies?.().codes;
    const row = await codes?.find(code);
    if (!codes || !isGiven(row)) return undefined;
    const outcome = await post(row.memberId, async (account, at, missing): Promise<Decision> => {
      const before = await entryOf(account, codeEndKey(row.id));
      if (before) return endedBefore(before, end);
      const elsewhere = missing.has('code') ? (await codes.row(row.id))?.ended : row.ended;
      // Its entry stands in a journal that is not this member's any more.
      if (elsewhere) return { kind: 'refused', because: REFUSED[elsewhere] };
      const draft = decideCodeEnd(account, row, end, at);
      if ('refused' in draft) return { kind: 'refused', because: draft.refused };
      return { draft, beside: [codes.ending(row.id, end, draft.occurredAt)] };
    });
    return { row, outcome: outcome.kind === 'conflict' ? endedBefore(outcome.entry, end) : outcome };
  }

  return {
    authorize,
    capture: (memberId: string, command: Capture): Promise<Outcome> => capture(memberId, command, { withCode: true }),
    void: release,
    spentOn,
    endCode,
  };
}

const REFUSED = { used: 'used-before', revoked: 'revoked' } as const;

/** The same end once more is answered as the first time; any other comes too late. */
const endedBefore = (before: Entry, end: CodeEnd): Outcome =>
  before.fingerprint === codeEndFingerprint(end)
    ? { kind: 'replayed', entry: before }
    : { kind: 'refused', because: REFUSED[before.detail.kind === 'code-used' ? 'used' : 'revoked'], entry: before };
