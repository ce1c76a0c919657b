import type { CodeEnd, GivenCode } from '../../loyalty/codes.ts';
import type { Reward, Value } from '../../loyalty/program/rewards.ts';
import type { Refusal } from '../../loyalty/redeem.ts';
import type { CodeRow, GivenRow } from '../codes.ts';

/** A reward of the catalogue, and whether a member can have it. */
export type RewardAnswer = Reward & {
  /** Pieces that nobody has taken yet, where they are counted. */
  readonly left?: number | undefined;
  readonly affordable?: boolean | undefined;
  /** Why not. */
  readonly because?: Refusal | undefined;
};

export interface StockAnswer {
  readonly rewardId: string;
  readonly stockId: string;
  readonly pieces: number;
}

export interface LoadedAnswer {
  readonly rewardId: string;
  readonly loaded: number;
  /** Of this reward before: they stay as they are. */
  readonly known: number;
  /** Of another reward: not loaded. */
  readonly elsewhere: number;
}

export interface CodeAnswer {
  readonly code: string;
  readonly rewardId: string;
  readonly status: 'valid' | 'no-longer-valid' | CodeEnd['kind'];
  /** Absent for a code that was taken back before anybody had it. */
  readonly memberId?: string | undefined;
  readonly redemptionId?: string | undefined;
  readonly value?: Value | undefined;
  readonly validThrough?: string | undefined;
  readonly endedAt?: string | undefined;
  readonly useId?: string | undefined;
  readonly orderId?: string | undefined;
}

type Ended = Pick<CodeRow, 'ended' | 'endedAt' | 'useId' | 'orderId'>;

export const codeAnswer = (row: GivenRow, today: string, ended: Ended = row): CodeAnswer => ({
  ...given(row),
  status: ended.ended ?? (today > row.validThrough ? 'no-longer-valid' : 'valid'),
  endedAt: ended.endedAt,
  useId: ended.useId,
  orderId: ended.orderId,
});

const given = ({ code, rewardId, memberId, redemptionId, value, validThrough }: GivenRow & GivenCode) => ({
  code,
  rewardId,
  memberId,
  redemptionId,
  value,
  validThrough,
});
