import type { Entry } from '../../loyalty/entry.ts';
import { explain, type Sentence } from '../../loyalty/explain.ts';
import { type Standing, standing } from '../answers.ts';

/** What became of points that waited for a yes. */
export interface LotAnswer extends Standing {
  readonly status: 'activated' | 'declined';
  /** 0 where staff still look at them: the yes is kept, and counts once they are done. */
  readonly points: number;
  /** Rewards that came into reach. */
  readonly unlocked: readonly string[];
  readonly trace: readonly Sentence[];
}

export function lotAnswer(entry: Entry): LotAnswer {
  const { detail } = entry;
  if (detail.kind !== 'activated' && detail.kind !== 'declined')
    throw new Error(`entry ${entry.seq} is of kind ${detail.kind}`);
  const { kind: status, points, unlocked = [] } = detail;
  return { ...standing(entry), status, points, unlocked, trace: explain(entry) };
}
