import * as z from 'zod';
import { Activity, ToldActivity } from './facts.ts';
import { mayEarn } from './own-activities.ts';
import { PointsAmount } from './points.ts';
import { Condition } from './program/conditions.ts';
import { BasisPoints, Id, Limit } from './program/fields.ts';
import { Reward } from './program/rewards.ts';
import { Program } from './program.ts';
import { Segment } from './segment.ts';
import { sourcesOf, wordFaults } from './segmenting.ts';

/**
 * What a merchant offers for a while, told through the API and not in the program's file. What a campaign gives is worked
 * out in `campaigning.ts`; this here is what one may say.
 */

/** What makes no sense where nothing is given for what a member does. */
const NOT_FOR: Readonly<Partial<Record<string, Readonly<Record<'budgetPoints' | 'perMember' | 'when', string>>>>> = {
  reward: {
    budgetPoints: 'a reward costs points: limit its stock',
    perMember: 'a reward has its own: set effect.reward.perMember',
    when: 'a reward asks for nothing: use a segment',
  },
  message: {
    budgetPoints: 'a message gives no points',
    perMember: 'each member gets a message once',
    when: 'a message asks for nothing: use a segment',
  },
};

const Effect = z.discriminatedUnion('kind', [
  /** So many times the points of the rules that multipliers apply to. */
  z.strictObject({ kind: z.literal('multiplier'), bp: BasisPoints.min(10_001) }),
  /** Points for an order or an activity. */
  z.strictObject({ kind: z.literal('bonus'), on: z.enum(['sale', 'activity']).default('sale'), points: PointsAmount }),
  /** Something to spend points on that there is not otherwise. */
  z.strictObject({ kind: z.literal('reward'), reward: Reward }),
  /** Words to each member whom it means when it begins: locale → Liquid, as in the merchant's file. */
  z.strictObject({
    kind: z.literal('message'),
    texts: z
      .record(z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/), z.string().min(1).max(1_000))
      .refine((texts) => Object.keys(texts).length > 0, 'says nothing: write it in one language at least'),
  }),
]);

/** As text. All of a shop's campaigns have to fit into the one row that tills read. */
const LENGTH_MAX = 16_000;

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
    if (JSON.stringify(value).length > LENGTH_MAX)
      complain([], `is longer than ${LENGTH_MAX} characters: shorten its lists`, undefined);
    const without = NOT_FOR[value.effect.kind];
    const { budgetPoints, perMember, when } = value;
    if (budgetPoints !== undefined && without) complain(['budgetPoints'], without.budgetPoints, budgetPoints);
    if (perMember && without) complain(['perMember'], without.perMember, perMember);
    if (when.length > 0 && without) complain(['when'], without.when, when);
  });
export type Campaign = z.output<typeof Campaign>;
export type CampaignInput = z.input<typeof Campaign>;

export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** What is wrong with a campaign in this program: names that point nowhere, amounts that its currency cannot have. */
export function campaignFaults(campaign: Campaign, program: Program): readonly Fault[] {
  return [
    ...effectFaults(campaign, program),
    ...segmentFaults(campaign, program),
    ...activityFaults(campaign, program),
  ];
}

function effectFaults({ effect, when }: Campaign, program: Program): readonly Fault[] {
  if (effect.kind === 'message') return [];
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
  return (error?.issues ?? []).map(({ path, message }) => {
    const inside = path.slice(2).map(String);
    return { path: [...(effect.kind === 'reward' ? ['effect', 'reward'] : []), ...inside].join('.'), message };
  });
}

function segmentFaults({ effect, segment }: Campaign, program: Program): readonly Fault[] {
  if (!segment) return [];
  const faults = wordFaults(segment, program).map((message) => ({ path: 'segment', message }));
  const sources = sourcesOf(segment);
  // A till knows the account, the person and the place, and not what reports have added up.
  if (effect.kind !== 'message' && sources.has('summary'))
    faults.push({ path: 'segment', message: 'spent is for reports and messages: a till cannot ask it' });
  if (effect.kind === 'reward' && sources.has('place'))
    faults.push({
      path: 'segment',
      message: 'location-in is for sales, activities and messages: rewards have no place',
    });
  return faults;
}

/** What no rule asks for is not looked out for, and a campaign would wait for it in vain. */
function activityFaults({ effect, when }: Campaign, program: Program): readonly Fault[] {
  if (effect.kind !== 'bonus' || effect.on !== 'activity') return [];
  return when.flatMap((condition, index) =>
    condition.is !== 'activity'
      ? []
      : LOOKED_OUT_FOR.filter((activity) => condition.activities.includes(activity) && !mayEarn(program, activity)).map(
          (activity) => ({
            path: `when.${index}.activities`,
            message: `${activity} is not looked out for: a rule of the program must be about it first`,
          }),
        ),
  );
}

/** Neither told by others, nor noticed whatever the rules are about. */
const LOOKED_OUT_FOR = Activity.options.filter(
  (activity) => !([...ToldActivity.options, 'birthday', 'anniversary'] as readonly string[]).includes(activity),
);

const unused = ({ rules, multipliers }: Program): string => `campaign-${rules.length + multipliers.length}-x`;
