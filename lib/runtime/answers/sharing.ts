import { type Entry, entryIdOf } from '../../loyalty/entry.ts';
import { explain, type Sentence } from '../../loyalty/explain.ts';
import { type Standing, standing } from '../answers.ts';

/** What the API says about what members do for one another. */

export interface ReferralCodeAnswer {
  readonly memberId: string;
  readonly code: string;
  /** Where a friend begins, if the program says so. */
  readonly link?: string;
}

export interface ReferralAnswer extends Standing {
  readonly code: string;
  readonly trace: readonly Sentence[];
}

export interface GiftAnswer extends Standing {
  readonly giftId: string;
  readonly points: number;
  /** Who has them now. */
  readonly to: string;
  readonly trace: readonly Sentence[];
}

export function referralAnswer(entry: Entry): ReferralAnswer {
  const { detail } = entry;
  if (detail.kind !== 'referred') throw new Error(`entry ${entryIdOf(entry)} is of kind ${detail.kind}`);
  return { ...standing(entry), code: detail.code, trace: explain(entry) };
}

export function giftAnswer(entry: Entry): GiftAnswer {
  const { detail } = entry;
  if (detail.kind !== 'gift-sent') throw new Error(`entry ${entryIdOf(entry)} is of kind ${detail.kind}`);
  const { giftId, points } = detail;
  return { ...standing(entry), giftId, points, to: detail.with, trace: explain(entry) };
}
