import type { Program } from '../../loyalty/program.ts';
import {
  sentenceOfCap,
  sentenceOfExpiry,
  sentenceOfMultiplier,
  sentenceOfPending,
  sentenceOfRule,
} from '../../loyalty/sentences.ts';

interface Said {
  readonly id: string;
  /** In English, from the data that decides. */
  readonly says: string;
}

/** What is promised to members now, in words. */
export interface ProgramAnswer {
  readonly name: string;
  /** Stands in each entry that it decides. */
  readonly version: string;
  readonly currency: string;
  readonly timeZone: string;
  readonly startsOn: string;
  readonly rules: readonly (Said & {
    readonly on: 'sale' | 'activity';
    /** Where it has one: over all members, and what of it was put aside. */
    readonly budget?: { readonly points: number; readonly used: number } | undefined;
  })[];
  readonly multipliers: readonly Said[];
  readonly caps: readonly Said[];
  readonly tiers: Program['tiers'];
  readonly pending: string;
  readonly expiry: string;
}

export const programAnswer = (
  program: Program,
  version: string,
  used: Readonly<Record<string, number>>,
): ProgramAnswer => ({
  name: program.name,
  version,
  currency: program.currency,
  timeZone: program.timeZone,
  startsOn: program.startsOn,
  rules: program.rules.map((rule) => ({
    id: rule.id,
    on: rule.on,
    says: sentenceOfRule(rule, program),
    ...(rule.budgetPoints !== undefined && { budget: { points: rule.budgetPoints, used: used[rule.id] ?? 0 } }),
  })),
  multipliers: program.multipliers.map((one) => ({ id: one.id, says: sentenceOfMultiplier(one, program) })),
  caps: program.caps.map((cap) => ({ id: cap.id, says: sentenceOfCap(cap) })),
  tiers: program.tiers,
  pending: sentenceOfPending(program.pending),
  expiry: sentenceOfExpiry(program.expiry),
});
