import type { ActivityFact, SaleFact } from '../loyalty/facts.ts';
import type { Program } from '../loyalty/program.ts';
import type { Situation } from '../loyalty/situation.ts';

/** What a decision about a sale or an activity needs to know that is neither in the account nor in the fact. */
export type Around = Pick<Situation, 'memberTags' | 'flags'>;

/** Asked once for each sale and each activity that is told, before anything is decided. A quote counts nothing. */
export type Surroundings = (
  memberId: string,
  fact: SaleFact | ActivityFact,
  asked: { readonly quote: boolean },
) => Promise<Around>;

/** Whether a rule or a multiplier asks what the member is tagged with. Only then somebody has to look. */
export const asksForTags = ({ rules, multipliers }: Pick<Program, 'rules' | 'multipliers'>): boolean =>
  [...rules, ...multipliers].some(({ when }) => when.some(({ is }) => is === 'member-tag-in'));

export interface SurroundingsOptions {
  readonly program: Program;
  /** What staff and segments have tagged the member with. */
  readonly tagsOf: (memberId: string) => Promise<readonly string[]>;
  /** Why somebody should look at it before its points can be spent. Nothing of it stops a till. */
  readonly flagsOf?: (...asked: Parameters<Surroundings>) => Promise<readonly string[]>;
}

export function openSurroundings({ program, tagsOf, flagsOf }: SurroundingsOptions): Surroundings {
  const tagged = asksForTags(program);
  return async (memberId, fact, asked) => {
    const [memberTags, flags] = await Promise.all([
      tagged ? tagsOf(memberId) : undefined,
      flagsOf?.(memberId, fact, asked),
    ]);
    return { ...(memberTags && { memberTags }), ...(flags && flags.length > 0 && { flags }) };
  };
}
