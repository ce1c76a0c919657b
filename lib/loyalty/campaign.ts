import * as z from 'zod';
import { PointsAmount } from './points.ts';
import { Condition } from './program/conditions.ts';
import { BasisPoints, Id, Limit } from './program/fields.ts';
import { Reward } from './program/rewards.ts';
import { Program } from './program.ts';
import { Segment } from './segment.ts';
import { sourcesOf } from './segmenting.ts';

/**
 * What a merchant offers for a while, told through the API and not in the program's file. What a campaign gives is worked
 * out in `campaigning.ts`; this here is what one may say.
 */

const Effect = z.discriminatedUnion('kind', [
  /** So many times the points of the rules that multipliers apply to. */
  z.strictObject({ kind: z.literal('multiplier'), bp: BasisPoints.min(10_001) }),
  /** Points for an order or an activity. */
  z.strictObject({ kind: z.literal('bonus'), on: z.enum(['sale', 'activity']).default('sale'), points: PointsAmount }),
  /** Something to spend points on that there is not otherwise. */
  z.strictObject({ kind: z.literal('reward'), reward: Reward }),
]);

/** Instants, since a campaign begins and ends on the minute; hours and weekdays inside of it are conditions. */
const Moment = z.iso.datetime({ offset: true });

export const Campaign = z
  .strictObject({
    id: Id,
    name: z.string().min(1).max(100),
    /** The first instant that is in, and the first that is not. */
    startsAt: Moment,
    endsAt: Moment,
    effect: Effect,
    when: z.array(Condition).max(20).default([]),
    /** Absent: every member. */
    segment: Segment.optional(),
    /** No more than this over all members. */
    budgetPoints: PointsAmount.optional(),
    /** How often one member gets something. */
    perMember: Limit.optional(),
    /** This share of the members gets nothing, so that the effect can be measured. */
    holdOutBp: z.int().min(0).max(9_000).default(0),
    /** What staff are told when it begins. */
    briefing: z.string().max(2_000).optional(),
  })
  .check(({ value, issues }) => {
    const complain = (path: readonly (string | number)[], message: string, input: unknown) =>
      issues.push({ code: 'custom', path: [...path], message, input });
    if (Date.parse(value.endsAt) <= Date.parse(value.startsAt))
      complain(['endsAt'], 'ends before it begins: set to after startsAt', value.endsAt);
    if (value.effect.kind !== 'reward') return;
    const { budgetPoints, perMember, when } = value;
    if (budgetPoints !== undefined) complain(['budgetPoints'], 'a reward costs points: limit its stock', budgetPoints);
    if (perMember) complain(['perMember'], 'a reward has its own: set effect.reward.perMember', perMember);
    if (when.length > 0) complain(['when'], 'a reward asks for nothing: use a segment', when);
  });
export type Campaign = z.output<typeof Campaign>;
export type CampaignInput = z.input<typeof Campaign>;

/** What is wrong with a campaign in this program: names that point nowhere, amounts that its currency cannot have. */
export function campaignFaults(campaign: Campaign, program: Program): readonly { path: string; message: string }[] {
  const { effect, when, segment } = campaign;
  const [part, list] =
    effect.kind === 'reward'
      ? (['rewards', [...program.rewards, effect.reward]] as const)
      : effect.kind === 'multiplier'
        ? (['multipliers', [...program.multipliers, { id: unused(program), when, bp: effect.bp }]] as const)
        : ([
            'rules',
            [
              ...program.rules,
              { id: unused(program), on: effect.on, when, earn: { kind: 'flat', points: effect.points } },
            ],
          ] as const);
  const { error } = Program.safeParse({ ...program, [part]: list });
  const faults = (error?.issues ?? []).map(({ path, message }) => {
    const inside = path.slice(2).map(String);
    return { path: [...(effect.kind === 'reward' ? ['effect', 'reward'] : []), ...inside].join('.'), message };
  });
  // A till knows the account and the person, and not what reports have added up.
  if (segment && sourcesOf(segment).has('summary'))
    faults.push({
      path: 'segment',
      message: 'spent, joined-within and location-in are for reports: a till cannot ask them',
    });
  return faults;
}

const unused = ({ rules, multipliers }: Program): string => `campaign-${rules.length + multipliers.length}-x`;
